import { spawn } from 'node:child_process';
import path from 'node:path';
import { limits } from './limits.mjs';
import { release } from './lock.mjs';
import { isWindows } from './places.mjs';
import { say, Trouble } from './trouble.mjs';

/** Runs `npm ci` in `folder`, quietly. Resolves with its exit status and everything it printed. */
export function npmCi(folder, extra) {
  const child = start(folder, [
    ...['ci', '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'],
    ...['--include=dev', '--include=optional'],
    ...['--prefix', folder],
    ...extra,
  ]);
  const unwatch = endOnSignal(child);
  return new Promise((resolve, reject) => {
    let output = '';
    const keep = (chunk) => {
      output = (output + chunk).slice(-limits.npmOutputCharsMax);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => {
      unwatch();
      reject(new Trouble(`npm could not be started (${error.code}): install npm 10 or newer.`));
    });
    child.on('close', (status) => {
      unwatch();
      resolve({ status, output });
    });
  });
}

function start(folder, args) {
  const options = {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    // npm's own defaults make somebody who is offline wait for more than a minute.
    env: {
      npm_config_fetch_retry_mintimeout: '1000',
      npm_config_fetch_retry_maxtimeout: '5000',
      ...process.env,
    },
  };
  // Set by npm, but also by yarn and pnpm, to themselves.
  const program = process.env.npm_execpath ?? '';
  if (/^npm/.test(path.basename(program))) return spawn(process.execPath, [program, ...args], options);
  if (!isWindows) return spawn('npm', args, options);
  // npm.cmd needs the shell, which would split a folder's name at its blanks.
  const quoted = args.map((argument) => `"${argument}"`);
  return spawn('npm.cmd', quoted, { ...options, shell: true });
}

/** Ctrl-C leaves nothing behind. Returns what ends the watching. */
function endOnSignal(child) {
  const statuses = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };
  const end = (signal) => {
    child.once('close', () => {
      release();
      say('The set-up was interrupted; nothing was changed.');
      process.exit(statuses[signal]);
    });
    child.kill('SIGKILL');
  };
  for (const signal of Object.keys(statuses)) process.once(signal, end);
  return () => {
    for (const signal of Object.keys(statuses)) process.off(signal, end);
  };
}

/** npm's code for "the registry was not reached"; undefined when that is not what went wrong. */
export function networkCode(output) {
  const codes =
    /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT)\b/;
  return codes.exec(output)?.[1];
}

/** What happened and what to do; npm's own words below it unless the cause is plain. */
export function explain({ status, output }) {
  const kept = 'Nothing was changed.';
  const network = networkCode(output);
  if (network !== undefined) {
    const address = /https?:\/\/[^/\s]+/.exec(output)?.[0] ?? 'the package registry';
    return (
      `The packages cannot be downloaded: ${address} is not reachable (${network}). ` +
      `Check the network or npm's proxy settings, then run the same command again. ${kept}`
    );
  }
  const refusal = /npm error code E(\d{3})\b/.exec(output)?.[1];
  if (refusal !== undefined) {
    return (
      `The package registry refused a download (HTTP ${refusal}). ` +
      `Check npm's registry settings, or try again later. ${kept}\n${output}`
    );
  }
  if (/\bENOSPC\b/.test(output)) return `The disk is full: free about 500 MB, then try again. ${kept}`;
  if (/npm error code EUSAGE/.test(output)) {
    return `package.json and package-lock.json disagree: run \`npm install\`. ${kept}\n${output}`;
  }
  return `npm ci failed (exit status ${status}). ${kept} What it said:\n${output}`;
}
