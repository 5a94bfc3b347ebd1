import type { AnyNode, BlockStatement, Function as FunctionNode, Node } from 'acorn';
import type { Rule } from '../finding.ts';
import { limits } from '../limits.ts';
import type { Source } from '../source.ts';
import { lineOf, walk } from '../walk.ts';

const kinds = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);
const testCalls = new Set([
  ...['describe', 'it', 'test', 'suite', 'bench'],
  ...['beforeAll', 'beforeEach', 'afterAll', 'afterEach'],
]);

/** A function is read at one glance. What groups tests, and a test itself, may be longer. */
export const functionSize: Rule = {
  name: 'function-size',
  *check(tree) {
    for (const source of tree.sources) {
      for (const node of longFunctions(source)) {
        const sentence = `${linesOf(node)} lines, at most ${limits.functionLinesMax}: give its steps names.`;
        yield { file: source.path, line: lineOf(node), sentence };
      }
    }
  },
};

function longFunctions(source: Source): Node[] {
  const hasTests = source.imports.some((site) => site.specifier === 'vitest');
  const found: Node[] = [];
  walk(source.program, (node, parent) => {
    if (!kinds.has(node.type) || linesOf(node) <= limits.functionLinesMax) return;
    const exempt = hasTests && (isTestCall(parent) || groupsTests(node as FunctionNode));
    if (!exempt) found.push(node);
  });
  return found;
}

function linesOf(node: Node): number {
  return (node.loc?.end.line ?? 0) - lineOf(node) + 1;
}

/** `it('...', fn)`, `describe.each(...)('...', fn)` and the like. */
function isTestCall(node: Node | undefined): boolean {
  let callee = node as AnyNode | undefined;
  if (callee?.type !== 'CallExpression') return false;
  for (;;) {
    if (callee.type === 'CallExpression') callee = callee.callee as AnyNode;
    else if (callee.type === 'MemberExpression') callee = callee.object as AnyNode;
    else if (callee.type === 'TaggedTemplateExpression') callee = callee.tag as AnyNode;
    else return callee.type === 'Identifier' && testCalls.has(callee.name);
  }
}

/** A function that declares tests for whoever calls it: an acceptance suite. */
function groupsTests(node: FunctionNode): boolean {
  if (node.body.type !== 'BlockStatement') return false;
  return (node.body as BlockStatement).body.some(
    (statement) => statement.type === 'ExpressionStatement' && isTestCall(statement.expression),
  );
}
