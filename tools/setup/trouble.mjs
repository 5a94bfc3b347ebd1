/** What ends the set-up with a sentence for the user instead of a stack. */
export class Trouble extends Error {}

export function say(sentence) {
  process.stderr.write(`${sentence}\n`);
}
