/** Of a whole address, in UTF-8. */
const bytesMax = 255;

/** What a terminal would obey, or a reader overlook: addresses stand in events and logs. */
const unfit = /[\p{C}\p{Z}]/u;

/** `host:port`, or `[host]:port` for IPv6: where a process is dialled. Undefined when it is none. */
export function readAddress(text: string): { readonly host: string; readonly port: number } | undefined {
  const match = /^(?:\[([^[\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  const isFit = new TextEncoder().encode(text).length <= bytesMax && !unfit.test(text);
  return host !== undefined && port >= 1 && port <= 65_535 && isFit ? { host, port } : undefined;
}
