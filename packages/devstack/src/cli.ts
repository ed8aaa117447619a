import { loadDevstackSettings, SettingsError } from '@polyreel/config';
import { OptionError, readOptions, usage } from '../bootstrap/options.mjs';
import { launch } from './launch.js';
import { onParentGone, onStopSignals } from './stop-signals.js';
import { Terminal } from './terminal.js';

const terminal = new Terminal();

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2), process.cwd());
  if (options.help) {
    terminal.line(usage);
    return 0;
  }
  const settings = loadDevstackSettings();
  const stopping = new AbortController();
  let kill: () => void = () => process.exit(130);
  const stop = (reason: string) => {
    if (stopping.signal.aborted) return;
    terminal.progressEnd();
    terminal.line(`\n${reason}: stopping; once more stops at once.`);
    stopping.abort();
  };
  onStopSignals(stop, () => kill());
  if (settings.exitWithParent) onParentGone(() => stop('The command that started this is gone'));
  const { signal } = stopping;
  try {
    await launch({ options, settings, terminal, signal }, (killChildren) => (kill = killChildren));
  } catch (error) {
    // What a stop interrupts fails for that reason alone.
    if (!signal.aborted) throw error;
  }
  if (!signal.aborted) return 0;
  terminal.good('Stopped');
  // With --once a video was promised; without it, stopping is how serving ends.
  return options.once ? 130 : 0;
}

function explain(error: unknown): string {
  if (error instanceof OptionError) return `${error.message}\n\n${usage}`;
  if (error instanceof SettingsError || error instanceof Error) return error.message;
  return String(error);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    terminal.progressEnd();
    terminal.line(`\n${explain(error)}`);
    process.exit(error instanceof OptionError || error instanceof SettingsError ? 2 : 1);
  },
);
