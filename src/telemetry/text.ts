import { type LogFields, type LogLevel, shown } from './fields.ts';

/** Values that may stand without quotes: no space, quote, `=`, control or other character that misleads. */
const bareValue = /^[\w./:@%+,~*[\]-]+$/;
const bareName = /^[\w.-]+$/;
const barePhrase = /^[A-Za-z][\w-]*(?: [\w-]+)*$/;

/** Always quoted: what users wrote and what errors say. */
const quotedNames = new Set(['msg', 'error', 'stack']);

// Characters JSON lets stand but a terminal obeys, or that turn round what follows: C1 controls, line and
// paragraph separators, marks of direction, the byte order mark.
const misleading = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/**
 * One line: `2026-02-03 19:19:40 INFO service=A endpoint=/echo msg="hello"`. Time is UTC. Whatever a field
 * holds, the line stays one line and no value can be read as a field of its own.
 */
export function textLine(
  wallMs: number,
  level: LogLevel,
  bound: string,
  phrase: string,
  fields: LogFields,
): string {
  let line = `${timestamp(wallMs)} ${level.toUpperCase()}${bound}`;
  if (phrase !== '') line += ` ${barePhrase.test(phrase) ? phrase : quoted(phrase)}`;
  return `${line}${textFields(fields)}\n`;
}

/** ` name=value name=value`, each with a leading space. */
export function textFields(fields: LogFields): string {
  let text = '';
  for (const name of Object.keys(fields)) {
    const value = shown(name, fields[name]);
    if (value === undefined || typeof value === 'function') continue;
    text += ` ${bareName.test(name) ? name : name.replace(/[^\w.-]/g, '_')}=${textValue(name, value)}`;
  }
  return text;
}

function textValue(name: string, value: unknown): string {
  if (typeof value === 'string') {
    return !quotedNames.has(name) && bareValue.test(value) ? value : quoted(value);
  }
  if (typeof value === 'object' && value !== null) return quoted(JSON.stringify(value) ?? '');
  return quotedNames.has(name) ? quoted(String(value)) : String(value);
}

function quoted(text: string): string {
  return JSON.stringify(text).replace(
    misleading,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

let secondShown = Number.NaN;
let secondText = '';

/** `2026-02-03 19:19:40`. Lines come many a second: its text is made once. */
function timestamp(wallMs: number): string {
  const second = Math.floor(wallMs / 1_000);
  if (second !== secondShown) {
    secondShown = second;
    secondText = new Date(second * 1_000).toISOString().slice(0, 19).replace('T', ' ');
  }
  return secondText;
}
