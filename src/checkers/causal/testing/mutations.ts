import type { CausalOperation } from '../history.ts';
import type { ViolationKind } from '../kind.ts';
import { untold } from './decoded.ts';
import { Guarantees } from './guarantees.ts';
import type { Recorded } from './recorded.ts';

/** A way in which a store can go wrong, as a change of a history that was right. */
export interface Mutation {
  readonly name: string;
  readonly kind: ViolationKind;
  /** The history changed in each way there is. */
  changed(operations: readonly Recorded[]): Iterable<readonly Recorded[]>;
  /** Whether it is the one thing wrong with a changed history, where that is not certain. */
  isFit?(operations: readonly Recorded[]): boolean;
}

type Put = Extract<CausalOperation, { type: 'put' }>;

/** A read that returns an older value, which breaks nothing but one guarantee. */
function stale(name: string, kind: ViolationKind): Mutation {
  return {
    name,
    kind,
    *changed(operations) {
      const guarantees = new Guarantees(operations);
      for (const read of readsOf(operations)) {
        for (const [write, { operation }] of operations.entries()) {
          if (operation.type !== 'put' || operation.key !== operations[read]?.operation.key) continue;
          const { key, value } = operation;
          if (isOnly(guarantees.brokenBy(read, write), kind)) {
            yield replaced(operations, read, { type: 'get', key, value });
          }
        }
      }
    },
    isFit: (operations) => breaksOnly(operations, kind),
  };
}

/** A read that finds nothing, though a value is in its past and the key was never deleted. */
function lost(name: string, kind: ViolationKind): Mutation {
  return {
    name,
    kind,
    *changed(operations) {
      const guarantees = new Guarantees(operations);
      const isDeleted = (key: string): boolean =>
        operations.some(({ operation }) => operation.type === 'delete' && operation.key === key);
      for (const read of readsOf(operations)) {
        const key = operations[read]?.operation.key ?? '';
        if (!isDeleted(key) && isOnly(guarantees.brokenBy(read, untold), kind)) {
          yield replaced(operations, read, { type: 'absent', key });
        }
      }
    },
    isFit: (operations) => breaksOnly(operations, kind),
  };
}

export const mutations: readonly Mutation[] = [
  stale('a stale read: what it depends on has overwritten it', 'causal-order'),
  stale('read-your-writes lost', 'read-your-writes'),
  stale('reads that go back', 'monotonic-reads'),
  stale("a session's writes seen out of order", 'monotonic-writes'),
  stale('a write seen without what its session had read', 'writes-follow-reads'),
  stale('a deleted value come back', 'resurrected-value'),
  lost('a write lost for its own session', 'read-your-writes'),
  lost('a write lost for a session that has seen it', 'monotonic-reads'),
  lost('a write lost for a session that saw a later one of its session', 'monotonic-writes'),
  lost('a write lost for a session that saw what followed from it', 'writes-follow-reads'),
  lost('a write lost for a session that depends on it from afar', 'causal-order'),
  {
    name: 'two dependent writes seen in reverse order',
    kind: 'monotonic-reads',
    changed: (operations) => exchanges(operations, isGet),
    isFit: (operations) => breaksOnly(operations, 'monotonic-reads'),
  },
  {
    name: 'two dependent writes done in reverse order',
    kind: 'monotonic-reads',
    changed: (operations) => exchanges(operations, isPut),
    isFit: (operations) => breaksOnly(operations, 'monotonic-reads'),
  },
  {
    name: 'two independent writes seen in either order',
    kind: 'conflicting-order',
    changed: (operations) => exchanges(operations, isGet),
    isFit: (operations) => {
      const isDeleted = operations.some(({ operation }) => operation.type === 'delete');
      return !isDeleted && new Guarantees(operations).broken()?.size === 0;
    },
  },
  {
    name: 'a read of a value nobody wrote',
    kind: 'unwritten-value',
    *changed(operations) {
      for (const read of readsOf(operations)) {
        const key = operations[read]?.operation.key ?? '';
        yield replaced(operations, read, { type: 'get', key, value: 'from thin air' });
      }
    },
  },
  {
    name: 'a read of the value of another key',
    kind: 'wrong-key',
    *changed(operations) {
      for (const read of readsOf(operations)) {
        const key = operations[read]?.operation.key ?? '';
        for (const put of putsOf(operations)) {
          if (put.key !== key) yield replaced(operations, read, { type: 'get', key, value: put.value });
        }
      }
    },
  },
  {
    name: 'a read of a later write of its own session',
    kind: 'future-read',
    *changed(operations) {
      for (const read of readsOf(operations)) {
        for (const { key, value } of laterPuts(operations, read)) {
          yield replaced(operations, read, { type: 'get', key, value });
        }
      }
    },
  },
  {
    name: 'two sessions that read what each writes only later',
    kind: 'causality-cycle',
    *changed(operations) {
      for (const one of readsOf(operations)) {
        for (const other of readsOf(operations)) {
          if (other <= one || operations[one]?.session === operations[other]?.session) continue;
          for (const mine of laterPuts(operations, one)) {
            for (const theirs of laterPuts(operations, other)) {
              const half = replaced(operations, one, { type: 'get', key: theirs.key, value: theirs.value });
              yield replaced(half, other, { type: 'get', key: mine.key, value: mine.value });
            }
          }
        }
      }
    },
  },
  {
    name: 'a replica that lacks a write in the end',
    kind: 'diverged',
    *changed(operations) {
      for (const [index, { operation, isFinal }] of operations.entries()) {
        if (isFinal !== true || finalsOf(operations, operation.key) < 2) continue;
        for (const { key, value } of putsOf(operations)) {
          if (key !== operation.key || (operation.type === 'get' && operation.value === value)) continue;
          yield replaced(operations, index, { type: 'get', key, value });
        }
      }
    },
  },
  {
    name: 'a write that all replicas lack in the end',
    kind: 'stale-final',
    *changed(operations) {
      for (const { key, value } of putsOf(operations)) {
        yield operations.map(
          (each): Recorded =>
            each.isFinal === true && each.operation.key === key
              ? { ...each, operation: { type: 'get', key, value } }
              : each,
        );
      }
    },
    isFit: (operations) => breaksOnly(operations, 'stale-final'),
  },
];

function breaksOnly(operations: readonly Recorded[], kind: ViolationKind): boolean {
  const broken = new Guarantees(operations).broken();
  return broken !== undefined && isOnly(broken, kind);
}

function isOnly(broken: ReadonlySet<ViolationKind>, kind: ViolationKind): boolean {
  return broken.size === 1 && broken.has(kind);
}

function replaced(
  operations: readonly Recorded[],
  index: number,
  operation: CausalOperation,
): readonly Recorded[] {
  return operations.map((each, other) => (other === index ? { ...each, operation } : each));
}

/** Every pair of a key's operations in one session that are alike, exchanged. */
function* exchanges(
  operations: readonly Recorded[],
  isAlike: (operation: CausalOperation) => boolean,
): Iterable<readonly Recorded[]> {
  for (const [index, one] of operations.entries()) {
    if (one.isFinal === true || !isAlike(one.operation)) continue;
    for (const [further, other] of operations.slice(index + 1).entries()) {
      const isFit = other.session === one.session && other.operation.key === one.operation.key;
      if (!isFit || !isAlike(other.operation)) continue;
      yield replaced(replaced(operations, index, other.operation), index + 1 + further, one.operation);
    }
  }
}

function readsOf(operations: readonly Recorded[]): readonly number[] {
  const isRead = ({ operation, isFinal }: Recorded): boolean =>
    isFinal !== true && (isGet(operation) || operation.type === 'absent');
  return [...operations.entries()].filter(([, each]) => isRead(each)).map(([index]) => index);
}

function putsOf(operations: readonly Recorded[]): readonly Put[] {
  return operations.flatMap(({ operation }) => (operation.type === 'put' ? [operation] : []));
}

function finalsOf(operations: readonly Recorded[], key: string): number {
  return operations.filter(({ operation, isFinal }) => isFinal === true && operation.key === key).length;
}

function laterPuts(operations: readonly Recorded[], read: number): readonly Put[] {
  const session = operations[read]?.session;
  return putsOf(operations.slice(read + 1).filter((each) => each.session === session));
}

function isGet(operation: CausalOperation): boolean {
  return operation.type === 'get';
}

function isPut(operation: CausalOperation): boolean {
  return operation.type === 'put' && operation.outcome !== 'unknown';
}
