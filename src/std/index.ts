export { readAddress } from './address.ts';
export { AssertionFailure, assert, must, unreachable } from './assert.ts';
export { type Core, drive } from './core.ts';
export {
  type CodeMeaning,
  codeOfGrpcStatus,
  describeError,
  type ErrorCode,
  type ErrorOptions,
  errorCodes,
  HoldfastError,
} from './errors.ts';
export { hash32 } from './hash.ts';
export { HashRing } from './hash-ring.ts';
export { keyHeader } from './headers.ts';
export { Heap } from './heap.ts';
export { ignore, type Observe } from './observe.ts';
export { Prng } from './prng.ts';
