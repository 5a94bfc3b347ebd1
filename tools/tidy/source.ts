import { stripTypeScriptTypes } from 'node:module';
import path from 'node:path';
import { type Comment, type Program, parse } from 'acorn';
import { type ImportSite, importsOf } from './imports.ts';
import type { Manifest, TextFile } from './tree.ts';

/**
 * One file of code, parsed. TypeScript is parsed as Node runs it: types are blanked out, and what remains
 * stands where it stood, so that lines are true and whatever is blank here but not in the text was a type.
 */
export interface Source extends TextFile {
  /** Empty when the file cannot be parsed. */
  readonly program: Program;
  readonly syntaxError: { readonly line: number; readonly sentence: string } | undefined;
  readonly imports: readonly ImportSite[];
  /** Comments, and with them the text of types, in which comments cannot be told apart. */
  readonly asides: readonly Aside[];
  /** The text with everything but types blanked out. */
  readonly types: string;
}

export interface Aside {
  readonly line: number;
  readonly text: string;
}

export function parseSource(file: TextFile, manifest: Manifest): Source {
  const comments: Comment[] = [];
  let code = file.text;
  let program: Program = { type: 'Program', body: [], sourceType: 'module', start: 0, end: 0 };
  let syntaxError: Source['syntaxError'];
  try {
    if (file.path.endsWith('.ts')) code = stripTypeScriptTypes(file.text, { mode: 'strip' });
    program = parse(code, {
      ecmaVersion: 'latest',
      sourceType: 'module',
      allowHashBang: true,
      locations: true,
      onComment: comments,
    });
  } catch (error) {
    const { message, loc } = error as Error & { loc?: { line: number } };
    syntaxError = { line: loc?.line ?? 1, sentence: `This cannot be parsed as it is run: ${message}` };
  }
  const types = typesOnly(file.text, code);
  return {
    ...file,
    program,
    syntaxError,
    types,
    imports: importsOf(program, types, path.posix.dirname(file.path), manifest),
    asides: [
      ...comments.flatMap((comment) => asides(comment.value, comment.loc?.start.line ?? 1)),
      ...asides(types, 1).filter((aside) => aside.text.trim() !== ''),
    ],
  };
}

function typesOnly(text: string, code: string): string {
  if (text === code) return '';
  let types = '';
  for (let i = 0; i < text.length; i++) {
    const letter = text[i] ?? '';
    types += letter === '\n' || letter !== code[i] ? letter : ' ';
  }
  return types;
}

function asides(text: string, firstLine: number): Aside[] {
  return text.split('\n').map((line, index) => ({ line: firstLine + index, text: line }));
}
