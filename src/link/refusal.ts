/** Why a connection does not become a link. The codes travel; a number is never used again for another. */
export const refusalCode = {
  'not-a-link': 1,
  malformed: 2,
  version: 3,
  self: 4,
  'wrong-address': 5,
  'key-missing': 6,
  'key-unexpected': 7,
  'key-wrong': 8,
  duplicate: 9,
  busy: 10,
  timeout: 11,
} as const;

export type RefusalReason = keyof typeof refusalCode;

const byCode = new Map(Object.entries(refusalCode).map(([reason, code]) => [code as number, reason]));

/** The reason a peer's code stands for; one that a later version has added counts as malformed. */
export function refusalReason(code: number): RefusalReason {
  return (byCode.get(code) ?? 'malformed') as RefusalReason;
}

/** Whether dialling again soon is of no use. */
export function isLasting(reason: RefusalReason): boolean {
  return reason !== 'duplicate' && reason !== 'busy' && reason !== 'timeout';
}
