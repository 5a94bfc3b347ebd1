import type { AnyNode, Identifier, Node, Program } from 'acorn';
import { walk } from './walk.ts';

export interface GlobalUse {
  readonly name: string;
  /** `random` for `Math.random`. */
  readonly member: string | undefined;
  readonly node: Node;
}

/**
 * Where a program uses a name that it declares nowhere. A name declared anywhere in the file counts as local
 * in all of it: a parameter called `process` hides the global one from this, which a reader will notice.
 */
export function globalsOf(program: Program): GlobalUse[] {
  const declared = new Set<string>();
  const uses: GlobalUse[] = [];
  walk(program, (node, parent) => {
    for (const name of declaredBy(node as AnyNode)) declared.add(name);
    if (node.type !== 'Identifier' || !isUse(node as Identifier, parent as AnyNode | undefined)) return;
    uses.push({
      name: (node as Identifier).name,
      member: memberOf(node, parent as AnyNode | undefined),
      node,
    });
  });
  return uses.filter((use) => !declared.has(use.name));
}

function declaredBy(node: AnyNode): string[] {
  switch (node.type) {
    case 'VariableDeclarator':
      return namesIn(node.id);
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      return [...(node.id ? [node.id.name] : []), ...node.params.flatMap(namesIn)];
    case 'ClassDeclaration':
    case 'ClassExpression':
      return node.id ? [node.id.name] : [];
    case 'CatchClause':
      return node.param ? namesIn(node.param) : [];
    case 'ImportSpecifier':
    case 'ImportDefaultSpecifier':
    case 'ImportNamespaceSpecifier':
      return [node.local.name];
    default:
      return [];
  }
}

/** The names that a declaration such as `{ a, b: [c], ...d }` introduces. */
export function namesIn(pattern: Node): string[] {
  const node = pattern as AnyNode;
  switch (node.type) {
    case 'Identifier':
      return [node.name];
    case 'ObjectPattern':
      return node.properties.flatMap((property) =>
        namesIn(property.type === 'RestElement' ? property.argument : property.value),
      );
    case 'ArrayPattern':
      return node.elements.flatMap((element) => (element ? namesIn(element) : []));
    case 'RestElement':
      return namesIn(node.argument);
    case 'AssignmentPattern':
      return namesIn(node.left);
    default:
      return [];
  }
}

/** False for an identifier that only names a member, a label or an import. */
function isUse(node: Identifier, parent: AnyNode | undefined): boolean {
  switch (parent?.type) {
    case 'MemberExpression':
      return parent.object === node || parent.computed;
    case 'Property':
      return parent.value === node || parent.computed;
    case 'MethodDefinition':
    case 'PropertyDefinition':
      return parent.value === node || parent.computed;
    case 'LabeledStatement':
    case 'BreakStatement':
    case 'ContinueStatement':
    case 'ImportSpecifier':
    case 'ExportSpecifier':
    case 'MetaProperty':
      return false;
    default:
      return true;
  }
}

function memberOf(node: Node, parent: AnyNode | undefined): string | undefined {
  if (parent?.type !== 'MemberExpression' || parent.object !== node) return undefined;
  if (parent.property.type === 'Literal') return String(parent.property.value);
  return parent.property.type === 'Identifier' ? parent.property.name : undefined;
}
