/** Bounds of classic registration; those of the probes themselves are the registry's. */
export const limits = {
  /** Where a registration names no port: that of http. */
  portDefault: 80,
  /** A longer one is shortened by a hash: the registry takes ids of 128 characters. */
  idCharsMax: 128,
  /** Hosts, addresses and CIDRs of REGISTER_ALLOW. */
  allowedMax: 256,

  /** Read of a probe's answer; the rest is not waited for. */
  probeAnswerBytesMax: 16 * 1024,
  /** Headers of a probe's answer. */
  probeHeadBytesMax: 16 * 1024,

  /** Registrations that wait until those before them are stored. */
  changesWaitingMax: 256,
  /** When to come back then, and when enrolments cannot be stored. */
  retryAfterMs: 1_000,
  /**
   * How often enrolments are read again: where several registries share them, each learns of the others'.
   */
  refreshMs: 5_000,
  /** Refused registrations that may be kept all the same and wait to be taken back: the oldest goes first. */
  takeBacksMax: 256,

  /** 1000 enrolments of the longest names fit. */
  enrolmentsFileBytesMax: 1024 * 1024,
  /** Folders above the data folder whose names are made durable along with it. */
  foldersAboveMax: 32,
} as const;
