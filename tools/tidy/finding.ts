import type { Tree } from './tree.ts';

/** One thing to put right. Lines count from 1; a finding about a whole file stands on line 1. */
export interface Finding {
  readonly file: string;
  readonly line: number;
  /** One sentence: what is wrong, and what would be right where that is not plain. */
  readonly sentence: string;
}

export interface Rule {
  readonly name: string;
  check(tree: Tree): Iterable<Finding>;
}

/** A finding with the rule that made it, as it is printed. */
export function describeFinding(rule: Rule, finding: Finding): string {
  return `${finding.file}:${finding.line} ${rule.name}: ${finding.sentence}`;
}
