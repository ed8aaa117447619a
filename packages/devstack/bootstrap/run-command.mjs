import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { inRoot, projectPath, root } from './paths.mjs';

/** A step that failed in a way its message already explains; shown without a stack. */
export class SetupError extends Error {}

const children = new Set();

/** Ends what runs; for when the set-up itself is told to stop. */
export function stopCommands(signal) {
  for (const child of children) child.kill(signal);
}

/**
 * Runs a program, its output going to a log file.
 * Rejects with the last `lines` of the log and `hint`, the sentence on what to do. In `env`, undefined takes a
 * variable away.
 */
export function run(name, command, args, { hint, cwd = root, env = {}, lines = 20 } = {}) {
  const log = inRoot('.venv', 'logs', `${name}.log`);
  mkdirSync(dirname(log), { recursive: true });
  const descriptor = openSync(log, 'w');
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, PATH: projectPath, ...env },
      stdio: ['ignore', descriptor, descriptor],
    });
    children.add(child);
    const end = (reason) => {
      children.delete(child);
      closeSync(descriptor);
      if (!reason) return resolve();
      const tail = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-lines).join('\n    ');
      reject(
        new SetupError(
          `${command} ${args.join(' ')}\n${reason}. The end of ${log}:\n    ${tail}\n${hint ?? ''}`,
        ),
      );
    };
    child.once('error', (error) => end(`could not be started: ${error.message}`));
    child.once('close', (code, signal) =>
      end(code === 0 ? undefined : `ended with ${signal ?? `exit code ${code}`}`),
    );
  });
}

/** What a program prints, or undefined when it cannot be run or fails. */
export function output(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    let text = '';
    child.stdout.on('data', (chunk) => (text += chunk));
    child.once('error', () => resolve(undefined));
    child.once('close', (code) => resolve(code === 0 ? text : undefined));
  });
}
