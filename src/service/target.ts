import type { IncomingMessage } from 'node:http';

const slash = 0x2f;

/**
 * Brings a request target in absolute form (`GET http://host/path`) into origin form, as every server must
 * be able to read it; its authority replaces what Host says (RFC 9112, 3.2.2). False for a target that has
 * neither form.
 */
export function toOriginForm(request: IncomingMessage): boolean {
  const target = request.url as string;
  // `OPTIONS *` asks about the server as a whole; the router does not know it.
  if (target.charCodeAt(0) === slash || target === '*') return true;
  const [, authority, rest = ''] = /^https?:\/\/([^/?#@]+)([/?#].*)?$/i.exec(target) ?? [];
  if (authority === undefined) return false;
  request.url = rest.startsWith('/') ? rest : `/${rest}`;
  request.headers.host = authority;
  return true;
}
