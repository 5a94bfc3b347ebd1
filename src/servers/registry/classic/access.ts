import { BlockList, isIP } from 'node:net';
import { HoldfastError } from '../../../std/index.ts';
import { canonicalHost, contains, isLoopbackHost } from './addresses.ts';
import { limits } from './limits.ts';

export interface AccessOptions {
  /** `AUTH`: `lab` or nothing. */
  readonly auth: string | undefined;
  /** `REGISTER_ALLOW`: hosts, addresses and CIDRs, with commas between. */
  readonly allow: string | undefined;
  /** The address that the registry listens on. */
  readonly listensOn: string;
}

/**
 * Which hosts may be registered without the cluster key: none, or, in lab mode, those of this machine and
 * those on a list. A registration decides where passwords are sent. Names are compared as they are written:
 * what they resolve to is not asked, as it may be something else in the next moment.
 */
export class KeylessAccess {
  readonly isLab: boolean;
  readonly #names = new Set<string>();
  readonly #addresses = new BlockList();

  /** Throws `invalid_argument` for a variable that is wrong, `failed_precondition` for a lab in the open. */
  constructor({ auth, allow, listensOn }: AccessOptions) {
    this.isLab = parseAuth(auth);
    const entries = (allow ?? '').split(',').map((entry) => entry.trim());
    const named = entries.filter((entry) => entry !== '');
    if (named.length > limits.allowedMax) {
      const text = `REGISTER_ALLOW may have ${limits.allowedMax} entries, not ${named.length}.`;
      throw new HoldfastError('invalid_argument', text);
    }
    for (const entry of named) this.#allow(entry);
    const listensOnHost = canonicalHost(listensOn);
    if (this.isLab && (listensOnHost === undefined || !isLoopbackHost(listensOnHost))) {
      const text =
        `AUTH=lab is for this machine alone, and HOST=${listensOn} lets others in: ` +
        'listen on 127.0.0.1, or start without AUTH=lab.';
      throw new HoldfastError('failed_precondition', text);
    }
  }

  /** `host` in its canonical spelling. */
  mayRegister(host: string): boolean {
    if (!this.isLab) return false;
    return isLoopbackHost(host) || this.#names.has(host) || contains(this.#addresses, host);
  }

  #allow(entry: string): void {
    const [, network, bits] = /^([^/]+)\/(\d{1,3})$/.exec(entry) ?? [];
    const host = canonicalHost((network ?? entry).replace(/^\[(.*)\]$/, '$1'));
    const version = isIP(host ?? '');
    const isSubnet = bits !== undefined;
    if (host === undefined || (isSubnet && (version === 0 || Number(bits) > (version === 4 ? 32 : 128)))) {
      const form = 'must be hosts, addresses and CIDRs such as 10.0.0.0/8, with commas between';
      throw new HoldfastError('invalid_argument', `REGISTER_ALLOW ${form}, not "${entry.slice(0, 80)}".`);
    }
    const family = version === 4 ? 'ipv4' : 'ipv6';
    if (isSubnet) this.#addresses.addSubnet(host, Number(bits), family);
    else if (version === 0) this.#names.add(host);
    else this.#addresses.addAddress(host, family);
  }
}

function parseAuth(auth: string | undefined): boolean {
  const text = auth?.trim().toLowerCase() ?? '';
  if (text === 'lab' || text === '') return text === 'lab';
  const given = JSON.stringify(text.slice(0, 80));
  throw new HoldfastError('invalid_argument', `AUTH must be lab, or not be set; not ${given}.`);
}
