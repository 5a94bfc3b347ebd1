import { paragraph } from './paragraph.ts';
import type { MeasuredAxis } from './pictures.ts';
import { load, requestsEach, seeds, usual } from './settings.ts';

export function method(measured: readonly MeasuredAxis[]): string[] {
  const texts = [setting(), phases(measured), counted];
  return texts.flatMap((text, index) => (index === 0 ? paragraph(text) : ['', ...paragraph(text)]));
}

function setting(): string {
  const writesPerS = (load.requestsPerS * load.writeShare) / 2;
  return `
    \`npm run bench -- growth\`. The causal store as it is, journals and links included, on the
    simulator: virtual time, links of 0.2 to 1 ms, disks of 0.05 to 0.5 ms, no faults but the restarts.
    The same seeds give the same figures on any machine. Three things are varied, each alone, from
    ${usual.replicas} replicas, ${usual.clients} clients and ${usual.restarts} restarts. The load is the
    same everywhere: ${load.requestsPerS} requests a second of all clients together, at random intervals,
    each from a random client to a random replica with the token the client got last. Every other client
    only reads; of the others' requests ${load.writeShare * 100} % are writes, so there are ${writesPerS}
    writes a second. ${load.keys.toLocaleString('en')} keys, random ones; values of
    ${load.valueCharacters + 2} bytes; a write is acknowledged by one disk unless said otherwise. The way
    between clients and replicas takes no time and is not counted.`;
}

function phases(measured: readonly MeasuredAxis[]): string {
  const all = measured.flatMap(({ figures }) => figures);
  const spread = Math.max(...all.map((each) => each.spread)) * 100;
  const failures = all.reduce((sum, each) => sum + each.failures, 0);
  const inS = (ms: number): string => `${ms / 1_000} s`;
  return `
    Each run: ${inS(load.warmupMs)} of load to warm up, or longer until each client has made
    ${requestsEach} requests on average. The restarts are spread over it up to ${inS(load.settledMs)}
    before its end: the process is killed, and started again 0.1 s later; replicas take turns. Then
    ${inS(load.measuredMs)} measured, ${inS(load.calmMs)} without load, ${inS(load.idleMs)} of idling
    measured, and ${inS(load.readingMs)}, or as long as ${requestsEach} requests of each take, in which
    new clients read and nobody writes ("readers"): their tokens name nothing but what incarnations have
    left behind. Seeds ${seeds.join(' and ')}: tokens of both together, bytes on average; bytes per write
    differ by ${spread.toFixed(1)} % between them at most. Requests that failed or were not covered in
    time: ${failures}.`;
}

const counted = `
  Tokens are counted as the text that clients carry, each time one is handed out. Bytes are what replicas
  write to their connections, in both directions and of all links, cut into frames at the connection;
  headers of TCP and IP come on top. "writes" and "claims" are records, each with its share of the
  message it came in; "anti-entropy" is the vectors that replicas ask each other with; "else" is mostly
  heartbeats, which a link sends only when it has been quiet. Claims go out at most once a second and
  while there is something new: none are left when idle. "entries" are the incarnations that a token
  names; "pairs of claims" those of which a replica remembers what one has claimed of the other.`;
