import { importRule } from '../import-rule.ts';
import { isTest, proofFolders, rankOf, srcFolderOf } from '../layout.ts';

/** Imports between the folders of src point one way only. Types count: they tie folders together as well. */
export const direction = importRule('direction', ({ from, to }) => {
  const own = srcFolderOf(from);
  if (own === undefined) return undefined;
  const other = srcFolderOf(to);
  if (other === undefined) return `The platform does not import from outside src (${to}).`;
  if (own === other || (isTest(from) && proofFolders.includes(other))) return undefined;
  const rank = rankOf(own);
  const otherRank = rankOf(other);
  if (rank === undefined || otherRank === undefined) {
    const unknown = rank === undefined ? own : other;
    return `src/${unknown} has no place in the order of folders in tools/tidy/layout.ts.`;
  }
  if (otherRank < rank) return undefined;
  const where = otherRank === rank ? 'beside' : 'above';
  return `src/${own} imports from src/${other}, which stands ${where} it.`;
});
