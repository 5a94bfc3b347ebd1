/**
 * The JSON text of one member of the object that `text` holds, exactly as it was written: numbers keep all
 * their digits. Of several with the name it is the last, as for JSON.parse. `text` has been parsed before:
 * nothing is checked here.
 */
export function memberText(text: string, name: string): string | undefined {
  let at = skipSpace(text, text.indexOf('{') + 1);
  let found: string | undefined;
  while (text.charCodeAt(at) === quote) {
    const keyEnd = endOfString(text, at);
    const isNamed = isKey(text.slice(at, keyEnd), name);
    const start = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const end = endOfValue(text, start);
    if (isNamed) found = text.slice(start, end);
    at = skipSpace(text, end);
    if (text.charCodeAt(at) === comma) at = skipSpace(text, at + 1);
  }
  return found;
}

const quote = 0x22;
const comma = 0x2c;
const backslash = 0x5c;
const space = 0x20;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

function isKey(quoted: string, name: string): boolean {
  if (!quoted.includes('\\')) return quoted.length === name.length + 2 && quoted.startsWith(name, 1);
  return JSON.parse(quoted) === name;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  // All other characters up to the space are control characters, which are not valid there.
  while (text.charCodeAt(at) <= space) at++;
  return at;
}

/** Behind the closing quote of the string that begins at `from`. */
function endOfString(text: string, from: number): number {
  for (let at = text.indexOf('"', from + 1); ; at = text.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(at - 1 - backslashes) === backslash) backslashes++;
    if (backslashes % 2 === 0) return at + 1;
  }
}

function endOfValue(text: string, from: number): number {
  let depth = 0;
  for (let at = from; ; at++) {
    switch (text.charCodeAt(at)) {
      case quote:
        at = endOfString(text, at) - 1;
        if (depth === 0) return at + 1;
        break;
      case openBracket:
      case openBrace:
        depth++;
        break;
      case closeBracket:
      case closeBrace:
        // Of the object around a value that is a number or a word, or the value's own.
        if (depth === 0) return at;
        if (--depth === 0) return at + 1;
        break;
      case comma:
        if (depth === 0) return at;
        break;
      default:
        if (depth === 0 && text.charCodeAt(at) <= space) return at;
    }
  }
}
