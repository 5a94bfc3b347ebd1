/** For a container's health check, so as light as can be: exits with 0 when the instance takes requests. */
const { HOST, PORT, SOCKET_ADDRESS } = process.env;
const port = PORT?.trim() || SOCKET_ADDRESS?.trim().split(':').at(-1) || '8090';
const host = HOST?.trim().replace(/^\[|\]$/g, '') ?? '';
// Who listens on all addresses is asked on loopback.
const name = ['', '0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
const answer = await fetch(`http://${name}:${port}/ready`).catch(() => undefined);
process.exitCode = answer?.ok === true ? 0 : 1;
