/** What an operation is, as it stands in a column of a history. */
export const code = {
  put: 0,
  delete: 1,
  get: 2,
  absent: 3,
  unknownPut: 4,
  unknownDelete: 5,
} as const;

export type Code = (typeof code)[keyof typeof code];

export function isRead(of: number): boolean {
  return of === code.get || of === code.absent;
}

export function isDelete(of: number): boolean {
  return of === code.delete || of === code.unknownDelete;
}

/** A write whose answer was lost. */
export function isUnknown(of: number): boolean {
  return of >= code.unknownPut;
}
