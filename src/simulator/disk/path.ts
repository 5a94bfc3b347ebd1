/**
 * The names of a path from the root down. A relative path starts at the root; `.` and `..` are resolved.
 */
export function pathParts(path: string): string[] {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts;
}

/** The last name; undefined for the root. */
export function baseName(path: string): string | undefined {
  return pathParts(path).at(-1);
}
