import type { EventEmitter } from 'node:events';

const repeatedMilliseconds = 1000;

/**
 * Calls `stop` at the first signal and `atOnce` at a later one.
 * One Ctrl-C may arrive two or three times, from the terminal and passed on by npm, so what follows
 * within a second counts as the same one.
 */
export function onStopSignals(
  stop: (signal: string) => void,
  atOnce: () => void,
  source: EventEmitter = process,
): void {
  let first: number | undefined;
  const receive = (signal: string) => {
    if (first === undefined) {
      first = performance.now();
      stop(signal);
    } else if (performance.now() - first > repeatedMilliseconds) {
      atOnce();
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) source.on(signal, () => receive(signal));
}

/** Calls `stop` when standard input closes, which happens when the process that started us is gone. */
export function onParentGone(stop: () => void): void {
  process.stdin.on('end', stop).on('error', stop).resume();
}
