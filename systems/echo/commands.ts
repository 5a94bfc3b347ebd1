import type { CommandContext, SystemCommand } from 'holdfast/topology';

/** `holdfast echo call hello`: the whole path, B to A, from the command line. */
export const call: SystemCommand = {
  name: 'call',
  summary: 'ask B to pass a message on to A, and show what comes back',
  usage: '<message>',
  async run(context) {
    const [message, ...rest] = context.args;
    if (message === undefined || rest.length > 0) {
      context.complain('Say one message: npx holdfast echo call hello');
      return 2;
    }
    const url = `${context.addressOf('echo-b')}/call-echo?msg=${encodeURIComponent(message)}`;
    const response = await reach(context, url);
    if (response === undefined) return 1;
    context.print(await response.text());
    return response.ok ? 0 : 1;
  },
};

/** `holdfast echo delay 2`: makes A slow while it runs. */
export const delay: SystemCommand = {
  name: 'delay',
  summary: 'let every echo of A wait, up to 5 seconds; without a number, show how long it waits',
  usage: '[seconds]',
  async run(context) {
    const [seconds, ...rest] = context.args;
    if (rest.length > 0) {
      context.complain('Say one number of seconds: npx holdfast echo delay 2');
      return 2;
    }
    const change = seconds === undefined ? undefined : { seconds: Number(seconds) };
    if (change !== undefined && (seconds === '' || Number.isNaN(change.seconds))) {
      context.complain(`The delay must be a number of seconds from 0 to 5, not "${seconds}".`);
      return 2;
    }
    for (const address of context.addressesOf('echo-a')) {
      const response = await reach(context, `${address}/delay`, change);
      if (response === undefined) return 1;
      if (!response.ok) {
        context.complain(`A at ${address} refused (${response.status}): ${await response.text()}`);
        return 1;
      }
      const { seconds: now } = (await response.json()) as { seconds: number };
      const most = change !== undefined && change.seconds > now ? ', the most it can' : '';
      context.print(`Every echo of A at ${address} waits ${now} s${most}.`);
    }
    return 0;
  },
};

async function reach(context: CommandContext, url: string, body?: unknown): Promise<Response | undefined> {
  const key = context.clusterKey;
  try {
    return await fetch(url, {
      signal: AbortSignal.timeout(10_000),
      ...(body === undefined ? {} : { method: 'PUT', body: JSON.stringify(body) }),
      headers: key === undefined ? {} : { 'x-holdfast-key': key },
    });
  } catch (cause) {
    const hint = context.running ? '' : ' Nothing runs: start it with `npm start` or `npx holdfast up`.';
    context.complain(`${new URL(url).origin} cannot be reached (${(cause as Error).message}).${hint}`);
    return undefined;
  }
}
