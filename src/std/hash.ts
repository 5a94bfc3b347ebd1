/**
 * A 32-bit hash of a text: FNV-1a over its UTF-16 code units, then MurmurHash3's finaliser, so that texts
 * that differ in one character land far apart. The same on every machine; no defence against an adversary
 * who picks texts that collide.
 */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
