export { checkLinearizable, type LinearizabilityOptions, type LinearizabilityVerdict } from './check.ts';
export type { CounterExample } from './counter-example.ts';
export type { Answered, Effect, Model } from './model.ts';
export { type KeyValueInput, keyValueModel } from './models/key-value.ts';
export {
  type RegisterInput,
  type RegisterOutput,
  type RegisterValue,
  registerModel,
} from './models/register.ts';
export { type TicketOutput, ticketModel } from './models/tickets.ts';
export type { Answer, TimedOperation } from './operation.ts';
