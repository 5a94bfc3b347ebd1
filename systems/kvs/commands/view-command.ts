import type { SystemCommand } from 'holdfast/topology';
import { readArguments } from './arguments.ts';
import { ask, refusalIn } from './ask.ts';

const usage = 'view [add|remove <host:port>] [--replica N|host:port]';

/** `holdfast kvs view`: the replicas that one of them knows and hears. */
export const view: SystemCommand = {
  name: 'view',
  summary: 'show the replicas that a replica knows and hears; add or remove one',
  usage: usage.slice('view '.length),
  async run(context) {
    const { words, replica } = readArguments(context.args, usage, ['replica'], { min: 0, max: 2 });
    const [action, address] = words;
    if (action === undefined) {
      const answer = await ask(context, replica, { method: 'GET', path: '/view' });
      if (answer.status !== 200) {
        const alone = `${answer.replica} is one store by itself: it has no view.`;
        context.complain(answer.status === 404 ? alone : refusalIn(answer));
        return 1;
      }
      const members = Array.isArray(answer.fields.view) ? answer.fields.view : [];
      for (const member of members) context.print(String(member));
      return 0;
    }
    if ((action !== 'add' && action !== 'remove') || address === undefined) {
      context.complain(`Usage: npx holdfast kvs ${usage}`);
      return 2;
    }
    const answer = await ask(context, replica, {
      method: action === 'add' ? 'PUT' : 'DELETE',
      path: '/view',
      body: JSON.stringify({ 'socket-address': address }),
      isInternal: true,
    });
    if (answer.status < 300) {
      context.print(`${address}: ${answer.fields.result}`);
      return 0;
    }
    context.complain(refusalIn(answer));
    return 1;
  },
};
