import { readdirSync, readFileSync } from 'node:fs';
import type { Instance } from '../../testing/instance.ts';

/** What a replica's process has in memory, in MiB; Linux tells. */
export function residentMib({ address }: Instance): number {
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid) || !isProcessOf(pid, address)) continue;
    const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kib) / 1024;
  }
  throw new Error(`No process has the address ${address}.`);
}

function isProcessOf(pid: string, address: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`SOCKET_ADDRESS=${address}`);
  } catch {
    // It has ended meanwhile, or belongs to somebody else.
    return false;
  }
}
