import { must } from '../../std/index.ts';
import { limits } from './limits.ts';
import type { TimedOperation } from './operation.ts';

type Operation = TimedOperation<unknown, unknown>;

/**
 * Draws operations in order of time, a line for each client, a mark at each call and return; who has no
 * answer has an open end. What one client did at the same time takes another line.
 *
 *     ms  0          10         20         30
 *     a   |-write 1--|          |-read 2---|
 *     b       |-write 2 ...
 */
export function draw<Drawn extends Operation>(
  operations: readonly Drawn[],
  describe: (operation: Drawn) => string,
): readonly string[] {
  const texts = new Map(operations.map((operation) => [operation, cut(describe(operation))]));
  const textOf = (operation: Operation): string => must(texts.get(operation as Drawn), 'a text');
  const margin = Math.max(...operations.map(({ client }) => cut(client).length), 'ms'.length) + 2;
  const columns = columnsOf(operations, textOf);
  const lines = Map.groupBy(operations, ({ client }) => client);
  const rows = [...lines].flatMap(([client, own]) =>
    rowsOf(own).map((row) =>
      line(
        cut(client),
        row.map((operation) => drawn(operation, columns, textOf)),
      ),
    ),
  );
  const times = [...columns].map(([atMs, column]) => ({ column, text: `${atMs}` }));
  const all = [line('ms', times), ...rows];
  return all.some((each) => each.length > limits.diagramColumnsMax) ? list(operations, textOf) : all;

  function line(name: string, parts: readonly { column: number; text: string }[]): string {
    return parts.reduce((text, part) => text.padEnd(margin + part.column) + part.text, name);
  }
}

export function cut(text: string): string {
  return text.length <= limits.textCharsMax ? text : `${text.slice(0, limits.textCharsMax)}...`;
}

/** Where each moment is drawn: far enough from the one before for its time and for what ends there. */
function columnsOf(
  operations: readonly Operation[],
  textOf: (operation: Operation) => string,
): ReadonlyMap<number, number> {
  const times = operations.flatMap(({ callMs, answer }) => [callMs, answer?.returnMs ?? callMs]);
  const columns = new Map<number, number>();
  let next = 0;
  for (const atMs of [...new Set(times)].sort((one, other) => one - other)) {
    const ends = operations.filter(({ callMs, answer }) => answer?.returnMs === atMs && callMs < atMs);
    const needed = ends.map((each) => must(columns.get(each.callMs), 'a column') + textOf(each).length + 3);
    const column = Math.max(next, ...needed);
    columns.set(atMs, column);
    const moments = operations.filter(({ callMs, answer }) => callMs === atMs && answer?.returnMs === atMs);
    next = column + Math.max(`${atMs}`.length + 2, ...moments.map((each) => textOf(each).length + 4));
  }
  return columns;
}

function drawn(
  operation: Operation,
  columns: ReadonlyMap<number, number>,
  textOf: (operation: Operation) => string,
): { column: number; text: string } {
  const { callMs, answer } = operation;
  const column = must(columns.get(callMs), 'a column');
  const text = `|-${textOf(operation)}`;
  if (answer === undefined) return { column, text: `${text} ...` };
  const end = must(columns.get(answer.returnMs), 'a column');
  return { column, text: `${text.padEnd(end - column, '-')}|` };
}

/** What a client did, in as few lines as it overlaps itself. */
function rowsOf(operations: readonly Operation[]): readonly (readonly Operation[])[] {
  const rows: Operation[][] = [];
  for (const operation of operations) {
    const row = rows.find((each) => {
      const last = must(each.at(-1), 'an operation').answer;
      return last !== undefined && last.returnMs < operation.callMs;
    });
    if (row === undefined) rows.push([operation]);
    else row.push(operation);
  }
  return rows;
}

function list(
  operations: readonly Operation[],
  textOf: (operation: Operation) => string,
): readonly string[] {
  return operations.map((operation) => {
    const { client, callMs, answer } = operation;
    const time =
      answer === undefined ? `from ${callMs} ms, no answer` : `${callMs} to ${answer.returnMs} ms`;
    return `${cut(client)} ${textOf(operation)}, ${time}`;
  });
}
