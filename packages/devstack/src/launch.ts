import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DevstackSettings } from '@polyreel/config';
import type { StartOptions } from '../bootstrap/options.mjs';
import { root } from './checkout.js';
import { silentEngines } from './foreign-engines.js';
import { freePort, isFree } from './free-port.js';
import { makeVideo } from './make-video.js';
import { startStack, stopOrder } from './stack.js';
import { Supervisor } from './supervisor.js';
import type { Terminal } from './terminal.js';
import { orderOf } from './video-order.js';

export interface Launch {
  options: StartOptions;
  settings: DevstackSettings;
  terminal: Terminal;
  /** Aborted when the user wants to stop. */
  signal: AbortSignal;
}

/** Resolves when the stack has been started, used and stopped; rejects with what went wrong on the way. */
export async function launch(
  { options, settings, terminal, signal }: Launch,
  atKill: (kill: () => void) => void,
) {
  const since = performance.now();
  const dataDir = options.dataDir ?? join(root, '.polyreel');
  const port = await apiPort(settings.host, options.port ?? settings.port);
  const supervisor = await Supervisor.open(dataDir, {
    leftoversStopped: (names) =>
      terminal.good(`Stopped what an earlier run left behind: ${names.join(', ')}`),
    ready: ({ name, port }, seconds) =>
      terminal.good(`${name} ${terminal.faint(`port ${port}, ${seconds.toFixed(1)} s`)}`),
    crashed: (name, how) =>
      terminal.bad(`${name} ${how}; starting it again (log: ${dataDir}/logs/${name}.log)`),
    recovered: (name, seconds) => terminal.good(`${name} is back after ${seconds.toFixed(1)} s`),
  });
  atKill(() => supervisor.kill());
  signal.addEventListener('abort', () => void supervisor.stop(stopOrder));
  try {
    signal.throwIfAborted();
    const { host, databaseUrl, redisUrl, s3, engines } = settings;
    const url = await startStack(supervisor, { host, port, foreign: { databaseUrl, redisUrl, s3 }, engines });
    terminal.good(`Ready after ${((performance.now() - since) / 1000).toFixed(1)} s: ${url}`);
    for (const engine of await silentEngines(engines ?? []))
      terminal.bad(`Nothing answers at ${engine} of ENGINES yet; jobs wait until an engine is started there`);
    await serve({ url, key: settings.apiKey }, dataDir, { options, settings, terminal, signal });
  } finally {
    await supervisor.stop(stopOrder);
  }
}

async function serve(api: { url: string; key?: string }, dataDir: string, launch: Launch): Promise<void> {
  const { options, settings, terminal, signal } = launch;
  const marker = join(dataDir, 'sample-made');
  const order = orderOf(options, dataDir, { made: existsSync(marker), foreignEngines: !!settings.engines });
  if (order) {
    try {
      await makeVideo(api, order, terminal, signal);
      await writeFile(marker, '');
    } catch (error) {
      if (options.once || signal.aborted) throw error;
      // The stack itself is fine; the reason is shown and the user may look into it.
      terminal.bad(error instanceof Error ? error.message : String(error));
    }
  }
  if (options.once) return;
  terminal.line(`\nPolyreel serves until Ctrl-C.`);
  terminal.line(`   API documentation: ${api.url}/docs and ${api.url}/redoc`);
  terminal.line(`   Data and logs:     ${dataDir}`);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve());
  });
}

async function apiPort(host: string, port: number): Promise<number> {
  if (port === 0) return freePort(host);
  if (await isFree(host, port)) return port;
  throw new Error(
    `Port ${port} on ${host} is taken, by another Polyreel or another program.\n` +
      `Choose one: npm start -- --port ${port + 1}   (a second instance also needs its own --data-dir)`,
  );
}
