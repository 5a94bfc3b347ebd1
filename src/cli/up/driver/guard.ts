import { type ChildProcess, spawn } from 'node:child_process';
import { limits } from '../../limits.ts';

/**
 * What outlives a killed `up` for a second: a small shell that learns over a pipe which processes there are.
 * The pipe's end is the death of `up`, whichever way. Processes that listen to their own channel have begun
 * to drain by then; the paused ones are woken so that they can, and what is left after a second is killed.
 * Each leads a process group and what it started lives on in there: a group is left while it has members.
 * A pid is touched only while its start time is the one it had when it was told: pids are used again. Without
 * a process of that pid the group is the one that was told: a group keeps its id to itself. (`kill -s`: some
 * shells take no group after `kill -KILL`.)
 */
const script = `
started() {
  start=
  if [ -r /proc/self/stat ]; then
    { read -r stat < "/proc/$1/stat"; } 2>/dev/null || return
    set -- \${stat##*) }
    start=\${20}
  else
    start=$(ps -o lstart= -p "$1" 2>/dev/null | tr ' ' _)
  fi
}
living() {
  left=
  for each in $known; do
    started "\${each%%=*}"
    case $start in
      "\${each#*=}") left="$left \${each%%=*}" ;;
      '') kill -s 0 -- "-\${each%%=*}" 2>/dev/null && left="$left \${each%%=*}" ;;
    esac
  done
  [ -n "$left" ]
}
known=
while read -r line; do
  pid=\${line#?}
  case $line in
    +*) started "$pid"; [ -n "$start" ] && known="$known $pid=$start" ;;
    -*) kept=
        for each in $known; do [ "\${each%%=*}" = "$pid" ] || kept="$kept $each"; done
        known=$kept ;;
  esac
done
living || exit 0
for pid in $left; do kill -CONT "$pid" 2>/dev/null; done
for wait in 1 2 3 4 5 6 7 8 9 10 11 12; do
  sleep 0.1
  living || exit 0
done
for pid in $left; do kill -s KILL -- "-$pid" 2>/dev/null; done
`;

export class Guard {
  readonly #pids = new Set<number>();
  #shell: ChildProcess | undefined;
  #started = 0;

  start(): void {
    // No shell and no process groups there; Windows services end by their channel alone.
    if (process.platform === 'win32' || ++this.#started > limits.guardsMax) return;
    const shell = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    shell.on('error', () => {});
    shell.stdin?.on('error', () => {});
    shell.unref();
    this.#shell = shell;
    for (const pid of this.#pids) this.#tell(`+${pid}`);
    shell.once('exit', () => {
      // Somebody killed it: another takes its place while there is something to guard.
      if (this.#shell === shell && this.#pids.size > 0) this.start();
    });
  }

  add(pid: number): void {
    this.#pids.add(pid);
    this.#tell(`+${pid}`);
  }

  remove(pid: number): void {
    this.#pids.delete(pid);
    this.#tell(`-${pid}`);
  }

  stop(): void {
    const shell = this.#shell;
    this.#shell = undefined;
    shell?.stdin?.end();
  }

  #tell(line: string): void {
    this.#shell?.stdin?.write(`${line}\n`);
  }
}
