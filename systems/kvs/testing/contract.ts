import { readFileSync } from 'node:fs';
import { must } from 'holdfast/std';

/** The OpenAPI document, as far as it says what is answered. */

type Json = Readonly<Record<string, unknown>>;

const file = new URL('../openapi.json', import.meta.url);
const contract = JSON.parse(readFileSync(file, 'utf8')) as Json;

const methods = ['get', 'put', 'post', 'delete', 'patch'];

/** Every `PUT /kvs/{key} 201` of the document. */
export function documented(): string[] {
  return operations().flatMap(({ name, operation }) =>
    Object.keys(operation.responses as Json).map((status) => `${name} ${status}`),
  );
}

/** Every `PUT /kvs/{key}` of the document. */
export function routes(): string[] {
  return operations().map(({ name }) => name);
}

/** What is wrong with an answer, by the document; nothing when all is right. */
export function problemsOf(route: string, status: number, body: unknown): string[] {
  const operation = operations().find(({ name }) => name === route)?.operation;
  if (operation === undefined) return [`${route} is not documented`];
  const response = (operation.responses as Json)[String(status)];
  if (response === undefined) return [`${route} has no ${status}: ${JSON.stringify(body)}`];
  const { content } = resolved(response);
  const { schema } = (content as { readonly 'application/json': Json })['application/json'];
  return check(schema, body, `${route} ${status}`);
}

function operations(): { readonly name: string; readonly operation: Json }[] {
  return Object.entries(contract.paths as Json).flatMap(([path, item]) =>
    Object.entries(item as Json)
      .filter(([method]) => methods.includes(method))
      .map(([method, operation]) => ({
        name: `${method.toUpperCase()} ${path}`,
        operation: operation as Json,
      })),
  );
}

function resolved(value: unknown): Json {
  const { $ref } = value as { readonly $ref?: string };
  if ($ref === undefined) return value as Json;
  const found = $ref
    .slice(2)
    .split('/')
    .reduce<unknown>((at, name) => (at as Json)[name], contract);
  return resolved(must(found, $ref));
}

/** The part of JSON Schema that the document uses; a keyword that is not known here fails. */
const known = new Set(['type', 'const', 'enum', 'required', 'properties', 'additionalProperties', 'items']);

function check(given: unknown, value: unknown, at: string): string[] {
  const schema = resolved(given);
  const strange = Object.keys(schema).filter((keyword) => !known.has(keyword));
  if (strange.length > 0) return [`${at}: the test does not know ${strange}`];
  const problems: string[] = [];
  const types = schema.type === undefined ? [] : [schema.type].flat();
  if (types.length > 0 && !types.includes(typeOf(value))) problems.push(`${at} is ${typeOf(value)}`);
  if ('const' in schema && schema.const !== value) problems.push(`${at} is ${JSON.stringify(value)}`);
  if ('enum' in schema && !(schema.enum as unknown[]).includes(value)) problems.push(`${at} is ${value}`);
  if (Array.isArray(value)) {
    for (const each of value) problems.push(...check(schema.items ?? {}, each, `${at}[]`));
  } else if (typeOf(value) === 'object') {
    const properties = (schema.properties ?? {}) as Json;
    const fields = value as Json;
    for (const name of (schema.required ?? []) as string[]) {
      if (!Object.hasOwn(fields, name)) problems.push(`${at} has no ${name}`);
    }
    for (const [name, each] of Object.entries(fields)) {
      if (Object.hasOwn(properties, name)) problems.push(...check(properties[name], each, `${at}.${name}`));
      else if (schema.additionalProperties === false) problems.push(`${at} has ${name}`);
    }
  }
  return problems;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
