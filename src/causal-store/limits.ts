/** Bounds and times of the causal store. Those a deployment may change are options of `openCausalStore`. */
export const limits = {
  /** A request waits this long for what its token depends on. */
  causalWaitMs: 50,
  /** Requests that wait at the same time; one more is refused at once. */
  waitingMax: 10_000,
  /** And all their keys and values, in characters. */
  waitingCharactersMax: 64 * 1024 * 1024,
  /** A write waits this long for the own disk; a full one can let it wait for ever. */
  durableWaitMs: 2_000,
  /** A write with `copies` above 1 waits this long for the other disks. */
  copiesWaitMs: 1_000,
  /** Writes that wait for other disks at the same time; one more is answered as unconfirmed. */
  copiesWaitingMax: 10_000,

  /** Vectors are exchanged this often. */
  antiEntropyMs: 3_000,
  /** The first exchange after a cut comes so many periods later, drawn between the two. */
  healPeriodsMin: 0.9,
  healPeriodsMax: 1.5,
  /** A link silent for longer counts as cut. */
  cutMs: 750,
  /** A member silent for longer is out of the view. */
  deadMs: 3_000,
  /** Members named at the first start stay in the view so long without having been seen. */
  graceMs: 10_000,

  /** No wall clock is believed that shows less: 2026-01-01. */
  wallMsMin: 1_767_225_600_000,
  /** A stamp further ahead of the own wall clock is refused: it would use up what stamps there are. */
  stampAheadMsMax: 10 * 365 * 24 * 60 * 60_000,
  /** Entries of a token; a longer one is no token of ours. */
  tokenEntriesMax: 4_096,
  tokenCharactersMax: 128 * 1024,

  /** Claims remembered for each pair of claimer and origin. */
  claimStepsMax: 8,
  /** A member that has applied something new says so this often, when it matters to somebody. */
  claimEveryMs: 1_000,

  /** Records kept in memory for peers that lag behind; more of a lag is made good by a snapshot. */
  logBytesMax: 64 * 1024 * 1024,
  logRecordsMax: 400_000,
  /** Records that came before what they depend on. */
  heldBytesMax: 16 * 1024 * 1024,
  heldRecordsMax: 50_000,
  heldOriginsMax: 1_024,
  /** Records of one message to a peer. */
  batchBytesMax: 256 * 1024,

  /** A replica that has asked to be let in asks again when nothing has come of it for so long. */
  joinMs: 3_000,
  /** One that knows none of those that are there, who know it, asks to be let in after so long. */
  outdatedMs: 2_000,
  /** One that was let in asks again when it finds only peers that know nothing of it for so long. */
  lostMs: 10_000,

  /** Records of one incarnation: 8,900 years of a thousand a second. */
  sequenceMax: 2 ** 48,
  membersMax: 256,
  /** Records remembered that stand in for what one origin wrote: each time one of its disks came back. */
  standInsMax: 16,
  /** Tombstones of one origin that are kept before those that no longer decide are dropped. */
  gravesSweptMin: 1_024,
  /** Members and former ones: an operator can name no more. */
  addressesMax: 65_536,
  /** One record: with a batch or a piece of a snapshot before it, it fits into one message of a link. */
  recordBytesMax: 3.5 * 1024 * 1024,
  /** Origins that are taken from peers: starts of all replicas together. */
  originsTakenMax: 128_000,
  /** From here on a replica does not start: somewhat higher, so that no peer can bring that about. */
  startsMax: 130_000,
  /** From here on each start warns that they come to an end. */
  startsWarn: 64_000,
  /** Origins in a vector that is read, or known: more than there ever are, since many may start at once. */
  originsMax: 131_072,
  /** A key, in UTF-16 code units, and a value, as JSON text: a record is one message of a link. */
  keyCharactersMax: 1_024,
  valueCharactersMax: 1_100_000,
  /** Tombstones that nobody stands in the way of are asked about after so long, then twice that and so on. */
  nudgeMs: 15_000,
  nudgeMsMax: 900_000,
  /** What goes on until somebody does something about it, a member that is away, is reported this often. */
  warnEveryMs: 60_000,
  /** What was set aside and could not be written is tried again this often. */
  quarantineRetryMs: 5_000,
  /** Keys of one page of a listing. */
  pageKeysMax: 1_000,

  /** Entries scanned for a snapshot in one turn. */
  scanEntriesPerTurn: 2_000,
  snapshotChunkBytes: 128 * 1024,
  /** And so many characters of values. */
  scanRestCharactersMax: 4 * 1024 * 1024,
  /** What a snapshot ends with, the last changes, members and claims, goes in pieces of so much. */
  snapshotPieceBytes: 256 * 1024,
  /** All of that, as a peer may send it. */
  snapshotEndBytesMax: 64 * 1024 * 1024,
  /** A chunk: with its length it is one write to a link, and a piece and one value of any size fit. */
  snapshotChunkBytesMax: 4 * 1024 * 1024 - 4,
  /** A snapshot comes in while less than this is on its way to the disk. */
  stageQueueBytesMax: 4 * 1024 * 1024,
  /** One that has not moved for so long is given up, on either side. */
  snapshotStallMs: 10_000,
  /** Records are sent to a peer while less than this is queued: other messages always fit. */
  linkQueueBytesMax: 1024 * 1024,
  /** Changes during a scan that are sent in one go at its end; more need another round. */
  scanRestMax: 2_000,
  /** Snapshots sent to peers at the same time. */
  snapshotsMax: 2,
  /** The journal is cut short by a snapshot once it has grown by so much, or by twice the last snapshot. */
  journalBytesMin: 64 * 1024 * 1024,
  /** After a snapshot of the journal that failed the next one is tried so much later. */
  shortenRetryMs: 30_000,
} as const;

/** How much is kept and handed on at a time: what a deployment with much or little memory may change. */
export type BufferLimits = {
  readonly [Name in
    | 'logBytesMax'
    | 'logRecordsMax'
    | 'heldBytesMax'
    | 'heldRecordsMax'
    | 'batchBytesMax'
    | 'scanEntriesPerTurn'
    | 'scanRestMax'
    | 'linkQueueBytesMax'
    | 'journalBytesMin']: number;
};
