/** Bounds of a simulation. */
export const limits = {
  hostsMax: 4096,
  /** Trace lines kept for a failing run. */
  transcriptLinesMax: 500,
  /** Characters of a message that a trace line shows; the hash takes all of them. */
  detailsCharactersMax: 160,
  /** Cancelled events may stay in the queue up to this many, or up to as many as there are live ones. */
  cancelledKeptMax: 4096,
  /** Events at one moment of virtual time: more is a program that spins. */
  eventsPerMomentMax: 1_000_000,
  /** Bytes of a stream in one packet. */
  segmentBytesMax: 32 * 1024,
  /** Bytes a connection's receiving side holds before its sender has to wait. */
  receiveBytesMax: 256 * 1024,
  /** First wait for an acknowledgement; doubled at each further try up to the second. */
  retransmitMsMin: 100,
  retransmitMsMax: 2000,
  /** A connection that hears nothing for this long while it waits for an answer is given up. */
  silenceMsMax: 10_000,
  /** A closed connection goes on acknowledging its peer's end for this long. */
  lingerMs: 30_000,
  /** Bytes that reach a disk whole or not at all, nearly always. */
  sectorBytes: 512,
  /** A file is given room on its disk in blocks of this size. */
  blockBytes: 4096,
  /** Virtual time of a scenario's two phases, unless it says otherwise. */
  safetyMs: 30_000,
  convergenceMs: 60_000,
} as const;
