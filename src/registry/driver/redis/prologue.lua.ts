import { limits } from '../../limits.ts';

/** The order in which every script gets its keys. */
export const keyNames = [
  'state',
  'instances',
  'leases',
  'renewals',
  'sequences',
  'fences',
  'changes',
] as const;

export interface ScriptSettings {
  readonly warmingMs: number;
  readonly historyMax: number;
  readonly massExpiryHoldMs: number;
  readonly massExpiryRecoverMs: number;
  /** Lua that puts the time into `now`, in whole milliseconds. */
  readonly clock: string;
}

/** Redis' own clock, so that registries whose clocks differ agree. */
export const redisClock = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/**
 * What every script begins with: LeasesCore's state, kept in Redis. Each script is one step of that core,
 * so that all registries decide alike and nothing happens between two halves of a decision.
 *
 * - state: a hash; its fields are read below. instances: `service/id` to incarnation, bytes and JSON, a line
 *   each. leases: `service/id` by when it runs out. renewals: by when one of it has been missed. sequences:
 *   the last put's number, or nothing.
 *   fences: `service/id/incarnation` in the order in which they came. changes: a stream, ids are revisions.
 * - Leases run by `clock`, which goes on only while somebody asks: a gap longer than the stall limit, and a
 *   clock set back, count for nothing. So no lease runs out for the time in which Redis, or every registry,
 *   was away.
 * - ARGV[1] is the run id of this Redis process. Another one than before means a restart, and a restart may
 *   have lost the last changes: the revisions begin again under a new epoch, which is ARGV[2]. The leases
 *   that are left stay. When keys are missing (flushed, evicted), everything begins again.
 */
export function prologue({ warmingMs, historyMax, clock }: ScriptSettings): string {
  return `
local state, instances, leases, renewals, sequences, fences, changes = unpack(KEYS)
${clock}
local was = redis.call('HMGET', state, 'epoch', 'run', 'last', 'clock', 'revision', 'size', 'bytes',
  'warm', 'held', 'silent', 'total', 'recovering')
local epoch = was[1]
local revision, size, bytes = tonumber(was[5]) or 0, tonumber(was[6]) or 0, tonumber(was[7]) or 0
local warm, held = tonumber(was[8]), tonumber(was[9])
local silent, total, recovering = tonumber(was[10]), tonumber(was[11]), was[12] == '1'
local last, clock = tonumber(was[3]) or now, tonumber(was[4]) or 0
local whole = epoch and redis.call('HLEN', instances) == size and redis.call('ZCARD', leases) == size

local gap = math.max(0, now - last)
local stalled = 0
if gap > ${limits.stallMs} then
  stalled = gap
  gap = 0
end
clock = clock + gap

local began = 0
if not whole then
  redis.call('DEL', state, instances, leases, renewals, sequences, fences)
  size, bytes, held, stalled = 0, 0, nil, 0
end
if not whole or was[2] ~= ARGV[1] then
  redis.call('DEL', changes)
  began, epoch, revision, warm = 1, ARGV[2], 0, clock + ${warmingMs}
  redis.call('HSET', state, 'epoch', epoch, 'run', ARGV[1], 'revision', 0, 'warm', warm)
end
redis.call('HSET', state, 'last', now, 'clock', clock, 'size', size, 'bytes', bytes)
${shared(historyMax)}`;
}

/** What scripts do to leases; `word` is what every one of them answers, and some more. */
function shared(historyMax: number): string {
  return `
local function whole_number(number)
  return string.format('%.0f', number)
end

local function word(...)
  local left = held and math.max(0, held - clock) or -1
  redis.call('HSET', state, 'size', size, 'bytes', bytes)
  return { epoch, revision, warm and 1 or 0, stalled, began,
    held and silent or 0, held and total or 0, left, ... }
end

local function change(what)
  revision = redis.call('HINCRBY', state, 'revision', 1)
  local text = whole_number(revision)
  redis.call('XADD', changes, 'MAXLEN', '~', ${historyMax}, text .. '-0', 'epoch', epoch,
    'change', '{"revision":' .. text .. ',' .. what .. '}')
end

local function read(field)
  local record = redis.call('HGET', instances, field)
  if not record then return nil end
  local incarnation, length, json = string.match(record, '^([^\\n]*)\\n(%d+)\\n(.*)$')
  return { incarnation = incarnation, bytes = tonumber(length), json = json }
end

local function drop(service, id, lease, why)
  local field = service .. '/' .. id
  redis.call('HDEL', instances, field)
  redis.call('ZREM', leases, field)
  redis.call('ZREM', renewals, field)
  redis.call('HDEL', sequences, field)
  size, bytes = size - 1, bytes - lease.bytes
  change('"kind":"remove","service":' .. cjson.encode(service) .. ',"id":' .. cjson.encode(id) ..
    ',"incarnation":' .. cjson.encode(lease.incarnation) .. ',"why":"' .. why .. '"')
end

local function fence(field, incarnation)
  local order = redis.call('HINCRBY', state, 'order', 1)
  redis.call('ZADD', fences, order, field .. '/' .. incarnation)
  if redis.call('ZCARD', fences) > ${limits.fencesMax} then redis.call('ZREMRANGEBYRANK', fences, 0, 0) end
end
`;
}
