import { checkCausal } from '../check.ts';
import { parse } from './story.ts';

/** What people are told of a history: see story.ts for its form. */
export function told(story: string): readonly string[] {
  const verdict = checkCausal(parse(story));
  return verdict.ok ? ['consistent'] : verdict.violation.lines;
}
