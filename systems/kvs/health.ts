/** For a container's health check, so as light as can be: exits with 0 when the instance takes requests. */
const { PORT, SOCKET_ADDRESS } = process.env;
const port = PORT?.trim() || SOCKET_ADDRESS?.trim().split(':').at(-1) || '8090';
const answer = await fetch(`http://127.0.0.1:${port}/ready`).catch(() => undefined);
process.exitCode = answer?.ok === true ? 0 : 1;
