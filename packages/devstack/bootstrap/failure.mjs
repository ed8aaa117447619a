import { line } from './reporter.mjs';
import { SetupError, stopCommands } from './run-command.mjs';

/** Ends the process with the reason; a stack only for what nobody foresaw. */
export function failed(error) {
  line(`\n${error instanceof SetupError ? error.message : error.stack}`);
  process.exit(1);
}

/** While installing, a signal ends the running step too; stamps are only written by steps that ended well. */
export function stopOnSignals() {
  const stop = (signal) => {
    stopCommands(signal);
    line(`\nStopped. The next start goes on where this one ended.`);
    process.exit(signal === 'SIGINT' ? 130 : 143);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);
  return () => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(signal, stop);
  };
}
