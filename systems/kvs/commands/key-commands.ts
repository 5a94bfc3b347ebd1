import type { CommandContext, SystemCommand } from 'holdfast/topology';
import { memberText } from '../replica/member-text.ts';
import { type Arguments, readArguments } from './arguments.ts';
import { type Asking, ask, refusalIn, type Told } from './ask.ts';
import { forgetToken, keepToken, readToken } from './token-file.ts';

const reading = ['replica', 'fresh'] as const;
const writing = [...reading, 'copies'] as const;

const usages = {
  put: 'put <key> <value> [--copies N] [--replica N|host:port] [--fresh]',
  get: 'get <key> [--replica N|host:port] [--fresh]',
  delete: 'delete <key> [--copies N] [--replica N|host:port] [--fresh]',
} as const;

/** `holdfast kvs put greeting '"hello"'` */
export const put: SystemCommand = {
  name: 'put',
  summary: 'store a value: JSON, or else a text as it stands',
  usage: usages.put.slice('put '.length),
  async run(context) {
    const told = readArguments(context.args, usages.put, writing, { min: 2, max: 2 });
    const [key = '', value = ''] = told.words;
    const body = `{"value":${isJson(value) ? value : JSON.stringify(value)}}`;
    return write(context, told, { method: 'PUT', path: pathOf(key), body });
  },
};

export const deleteKey: SystemCommand = {
  name: 'delete',
  summary: 'delete a key',
  usage: usages.delete.slice('delete '.length),
  async run(context) {
    const told = readArguments(context.args, usages.delete, writing, { min: 1, max: 1 });
    return write(context, told, { method: 'DELETE', path: pathOf(told.words[0] ?? '') });
  },
};

export const get: SystemCommand = {
  name: 'get',
  summary: 'show the value of a key, as JSON',
  usage: usages.get.slice('get '.length),
  async run(context) {
    const told = readArguments(context.args, usages.get, reading, { min: 1, max: 1 });
    const answer = await asked(context, told, { method: 'GET', path: pathOf(told.words[0] ?? '') });
    if (answer.status !== 200) return refused(context, answer);
    // As it was written: no digit of a number is lost on the way.
    context.print(memberText(answer.text, 'value') ?? answer.text);
    return 0;
  },
};

async function write(context: CommandContext, told: Arguments, asking: Asking): Promise<number> {
  const answer = await asked(context, told, asking);
  if (answer.status >= 300) return refused(context, answer);
  context.print(`${answer.fields.result} on ${answer.replica}`);
  if (answer.status === 202) {
    context.complain('It is on the disk there; whether on as many others as were asked for is not known.');
  }
  return 0;
}

/** Each command carries on where the last one was: what that saw is there for this one, on any replica. */
async function asked(context: CommandContext, told: Arguments, asking: Asking): Promise<Told> {
  const token = told.fresh ? '' : readToken(context.dataFolder);
  const headers = {
    ...(token === '' ? {} : { 'causal-metadata': token }),
    ...(told.copies === undefined ? {} : { copies: told.copies }),
  };
  const answer = await ask(context, told.replica, { ...asking, headers });
  const metadata = answer.fields['causal-metadata'];
  // Empty: whoever began anew has seen nothing, and what was seen before is not gone on from either.
  if (metadata === '') forgetToken(context.dataFolder);
  else if (typeof metadata === 'string') keepToken(context.dataFolder, metadata);
  return answer;
}

function refused(context: CommandContext, answer: Told): number {
  context.complain(refusalIn(answer));
  if (String(answer.fields.error).startsWith('Causal dependencies')) {
    context.complain(
      'It has not got yet what an earlier command saw. Try again, or with --fresh, which ignores that.',
    );
  }
  return 1;
}

function pathOf(key: string): string {
  return `/kvs/${encodeURIComponent(key)}`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
