import './node-version.mjs';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { failed, stopOnSignals } from './failure.mjs';
import { setUp } from './installer.mjs';
import { onNpmGone } from './npm-watch.mjs';
import { OptionError, readOptions, usage } from './options.mjs';
import { inRoot, projectNode } from './paths.mjs';

// npm changes into the checkout; paths are meant relative to where the user stands.
const folder = process.env.INIT_CWD ?? process.cwd();
const args = process.argv.slice(2);
try {
  if (readOptions(args, folder).help) {
    console.log(usage);
    process.exit(0);
  }
} catch (error) {
  if (!(error instanceof OptionError)) throw error;
  console.error(`${error.message}\n\n${usage}`);
  process.exit(2);
}

const settings = existsSync(inRoot('.env')) ? [`--env-file=${inRoot('.env')}`] : [];

const release = stopOnSignals();
await setUp().catch(failed);
release();

const child = spawn(projectNode, [...settings, inRoot('packages/devstack/dist/cli.js'), ...args], {
  cwd: folder,
  // The launcher stops when this pipe closes, so that it never outlives the command that started it.
  stdio: ['pipe', 'inherit', 'inherit'],
  env: { ...process.env, EXIT_WITH_PARENT: 'true' },
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
onNpmGone(() => child.kill('SIGTERM'));
child.once('error', (error) => failed(error));
child.once('exit', (code, signal) => process.exit(signal ? 1 : code));
