import { importRule } from '../import-rule.ts';
import { isTest, isUnder, proofFolders, srcFolderOf } from '../layout.ts';

/** The simulator and the checkers prove what runs; they are no part of it. */
export const proof = importRule('proof', ({ from, to }) => {
  const own = srcFolderOf(from);
  const other = srcFolderOf(to);
  const ships = own !== undefined || isUnder(from, 'systems') || !from.includes('/');
  if (!ships || isTest(from)) return undefined;
  const isProof = other !== undefined && other !== own && proofFolders.includes(other);
  return isProof || isTest(to)
    ? `What ships does not use ${to}: that is for tests and simulations.`
    : undefined;
});
