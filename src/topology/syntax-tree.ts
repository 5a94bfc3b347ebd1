import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { type Node, type Program, parse } from 'acorn';

/** A source file as a tree whose positions are those of the file as written. */
export interface SourceFile {
  readonly file: string;
  readonly program: Program;
}

/** Undefined when the file cannot be read or parsed: whoever asks does without. */
export function readSource(file: string): SourceFile | undefined {
  try {
    const source = readFileSync(file, 'utf8');
    // Mode 'strip' puts blanks in place of types, so line and column stay what they were.
    const plain = /\.[cm]?ts$/.test(file) ? quietly(() => stripTypeScriptTypes(source)) : source;
    const options = { ecmaVersion: 'latest', sourceType: 'module', locations: true } as const;
    return { file, program: parse(plain, { ...options, allowHashBang: true }) };
  } catch {
    return undefined;
  }
}

/** Node warns once that stripping is experimental; that is no news to somebody who mistyped a port. */
function quietly<T>(run: () => T): T {
  const emitWarning = process.emitWarning;
  process.emitWarning = () => {};
  try {
    return run();
  } finally {
    process.emitWarning = emitWarning;
  }
}

export interface Position {
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

export function startOf(node: Node): Position | undefined {
  return node.loc ? { line: node.loc.start.line, column: node.loc.start.column + 1 } : undefined;
}
