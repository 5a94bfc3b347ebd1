#include "load.h"

#include <string.h>

/*
 * As much of HTTP/2 (RFC 9113) as unary gRPC calls need: each call is a stream of one HEADERS and one DATA
 * frame, and answered by HEADERS, DATA and trailers. Data waits when the server gives no room for it.
 */

enum {
  frame_head = 9,
  frame_bytes_max = 16384,
  window_at_start = 65535,
  stream_window = 1 << 20,
  /* We say again that there is room after this many bytes. */
  taken_bytes_max = 1 << 20,
};
enum { frame_data, frame_headers, frame_priority, frame_reset, frame_settings, frame_push, frame_ping,
       frame_goaway, frame_window };
enum { flag_end_stream = 1, flag_ack = 1, flag_end_headers = 4, flag_padded = 8, flag_priority = 32 };
enum { setting_table_size = 1, setting_streams_max = 3, setting_window = 4 };
static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

static void append_u32(struct buffer *buffer, uint32_t number) {
  const char four[] = {(char)(number >> 24), (char)(number >> 16), (char)(number >> 8), (char)number};
  append(buffer, (struct span){four, sizeof four});
}

static void append_setting(struct buffer *buffer, int setting, uint32_t value) {
  append(buffer, (struct span){(char[]){0, (char)setting}, 2});
  append_u32(buffer, value);
}

static void append_frame(struct buffer *buffer, int type, int flags, uint32_t stream, size_t length) {
  const char head[] = {(char)(length >> 16), (char)(length >> 8), (char)length, (char)type, (char)flags};
  append(buffer, (struct span){head, sizeof head});
  append_u32(buffer, stream);
}

static uint32_t u32_at(const char *at) {
  const unsigned char *bytes = (const unsigned char *)at;
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

void open_http2(struct connection *connection) {
  struct buffer *out = &connection->out;
  connection->next_stream = 1;
  connection->send_window = window_at_start;
  append_text(out, preface);
  append_frame(out, frame_settings, 0, 0, 12);
  append_setting(out, setting_table_size, 0);
  append_setting(out, setting_window, stream_window);
  append_frame(out, frame_window, 0, 0, 4);
  append_u32(out, 2 * taken_bytes_max);
}

void send_http2(struct lane *lane, struct span header_block, struct span data) {
  struct connection *connection = lane->connection;
  lane->stream = connection->next_stream;
  connection->next_stream += 2;
  lane->status = no_grpc_status;
  lane->message_length = 0;
  append_frame(&connection->out, frame_headers, flag_end_headers, lane->stream, header_block.length);
  append(&connection->out, header_block);
  const bool has_room =
      unread(connection->held).length == 0 && connection->send_window >= (int64_t)data.length;
  struct buffer *to = has_room ? &connection->out : connection->held;
  if (has_room) connection->send_window -= (int64_t)data.length;
  append_frame(to, frame_data, flag_end_stream, lane->stream, data.length);
  append(to, data);
}

static void release_held(struct connection *connection) {
  while (true) {
    const struct span held = unread(connection->held);
    if (held.length == 0) return;
    const size_t length = u32_at(held.at) >> 8;
    if (connection->send_window < (int64_t)length) return;
    connection->send_window -= (int64_t)length;
    append(&connection->out, (struct span){held.at, frame_head + length});
    consume(connection->held, frame_head + length);
  }
}

static struct lane *lane_of(struct connection *connection, uint32_t stream) {
  for (int at = 0; at < connection->lane_count; at++)
    if (connection->lanes[at].stream == stream) return &connection->lanes[at];
  fail("A frame came for stream %u, on which nothing was asked.", stream);
}

static void take_settings(struct connection *connection, int flags, struct span payload) {
  if (flags & flag_ack) return;
  for (size_t at = 0; at + 6 <= payload.length; at += 6) {
    const int setting = payload.at[at + 1];
    const uint32_t value = u32_at(payload.at + at + 2);
    if (setting == setting_streams_max && value < (uint32_t)connection->lane_count)
      fail("The server allows %u streams on a connection.", value);
    if (setting == setting_window && value < answer_bytes_max)
      fail("The server gives a stream %u bytes.", value);
  }
  append_frame(&connection->out, frame_settings, flag_ack, 0, 0);
}

static void take_data(struct connection *connection, struct lane *lane, struct span payload) {
  if (payload.length > sizeof lane->message - lane->message_length) fail("A message is too long.");
  memcpy(lane->message + lane->message_length, payload.at, payload.length);
  lane->message_length += payload.length;
  connection->taken_bytes += (uint32_t)payload.length;
  if (connection->taken_bytes < taken_bytes_max) return;
  append_frame(&connection->out, frame_window, 0, 0, 4);
  append_u32(&connection->out, connection->taken_bytes);
  connection->taken_bytes = 0;
}

static void take_connection_frame(struct connection *connection, int type, int flags, struct span payload) {
  if (type == frame_settings) {
    take_settings(connection, flags, payload);
  } else if (type == frame_ping && !(flags & flag_ack)) {
    append_frame(&connection->out, frame_ping, flag_ack, 0, payload.length);
    append(&connection->out, payload);
  } else if (type == frame_window) {
    connection->send_window += u32_at(payload.at);
    release_held(connection);
  } else if (type == frame_goaway) {
    fail("%s ended the connection (GOAWAY, code %u).", connection->server->name, u32_at(payload.at + 4));
  }
}

/* Whether a stream is at its end with this frame. */
static bool take_stream_frame(struct lane *lane, int type, int flags, struct span payload) {
  if (type == frame_reset) return true;
  if (type != frame_data && type != frame_headers) return false;
  if (flags & (flag_padded | (type == frame_headers ? flag_priority : 0))) fail("A frame has padding.");
  if (type == frame_data) {
    take_data(lane->connection, lane, payload);
  } else {
    if (!(flags & flag_end_headers)) fail("A header block goes on in another frame.");
    const int status = grpc_status_in(payload);
    if (status != no_grpc_status) lane->status = status;
  }
  return (flags & flag_end_stream) != 0;
}

bool next_http2_answer(struct connection *connection, struct answer *answer) {
  while (true) {
    const struct span in = unread(&connection->in);
    if (in.length < frame_head) return false;
    const size_t length = u32_at(in.at) >> 8;
    if (length > frame_bytes_max) fail("A frame is longer than we allow.");
    if (in.length < frame_head + length) return false;
    const int type = in.at[3], flags = (unsigned char)in.at[4];
    const uint32_t stream = u32_at(in.at + 5) & 0x7fffffff;
    const struct span payload = {in.at + frame_head, length};
    consume(&connection->in, frame_head + length);
    if (stream == 0) {
      take_connection_frame(connection, type, flags, payload);
      continue;
    }
    /* A stream that is over may still be told that it has room. */
    if (type == frame_window) continue;
    struct lane *lane = lane_of(connection, stream);
    if (!take_stream_frame(lane, type, flags, payload)) continue;
    answer->lane = lane;
    answer->status = lane->status;
    answer->is_ok = lane->status == 0;
    answer->body = (struct span){lane->message, lane->message_length};
    return true;
  }
}
