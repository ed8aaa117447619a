import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { childEnvironment } from '@polyreel/config';
import { freePort } from './free-port.js';
import { postgresBinary } from './postgres-binaries.js';
import type { ProcessDefinition } from './process-definition.js';
import { unprivileged, type Invocation } from './unprivileged-user.js';

export interface EmbeddedPostgresOptions {
  /** Folder of the cluster; made on the first start. */
  directory: string;
  password: string;
  /** False trades safety against power loss for speed; for tests. */
  durable: boolean;
}

const user = 'polyreel';
const database = 'polyreel';

/** A Postgres of our own on loopback; `url` leads to the application's database as its superuser. */
export async function embeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<{ definition: ProcessDefinition; url: string }> {
  const invocation = await unprivileged();
  const port = await freePort();
  const { directory } = options;
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    port: String(port),
    max_connections: '200',
    fsync: options.durable ? 'on' : 'off',
    synchronous_commit: options.durable ? 'on' : 'off',
    full_page_writes: options.durable ? 'on' : 'off',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const [command = '', ...args] = [
    ...invocation.prefix,
    postgresBinary('postgres'),
    '-D',
    directory,
    ...flags,
  ];
  return {
    url: `postgresql://${user}:${options.password}@127.0.0.1:${port}/${database}`,
    definition: {
      name: 'postgres',
      command,
      args,
      env: postgresEnvironment(),
      port,
      prepare: () => createCluster(options, invocation),
      isReady: (pid) => saysReady(directory, pid),
      readySeconds: 60,
      // "Fast" shutdown: does not wait for clients to leave, but writes a checkpoint.
      stopSignal: 'SIGINT',
      stopSeconds: 10,
    },
  };
}

/** The postmaster writes its state into its pid file; `pg_ctl --wait` looks at the same line. */
async function saysReady(directory: string, pid: number): Promise<boolean> {
  const lines = (await readFile(join(directory, 'postmaster.pid'), 'utf8')).split('\n');
  return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
}

/** PG* variables of the user would change what the server does. */
function postgresEnvironment(): Record<string, string> {
  const inherited = childEnvironment({});
  return Object.fromEntries(Object.entries(inherited).filter(([name]) => !name.startsWith('PG')));
}

async function createCluster(options: EmbeddedPostgresOptions, invocation: Invocation): Promise<void> {
  const { directory } = options;
  if (existsSync(join(directory, 'PG_VERSION'))) return;
  // Made beside and renamed: an interrupted first start leaves nothing half-made in place.
  const part = `${directory}.part`;
  const passwordFile = `${directory}.password`;
  await rm(part, { recursive: true, force: true });
  await mkdir(part, { recursive: true, mode: 0o700 });
  await writeFile(passwordFile, options.password, { mode: 0o600 });
  try {
    if (invocation.owner) {
      await chown(part, invocation.owner.uid, invocation.owner.gid);
      await chown(passwordFile, invocation.owner.uid, invocation.owner.gid);
    }
    const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
    const access = ['--auth=scram-sha-256', `--username=${user}`, `--pwfile=${passwordFile}`];
    await run(invocation, 'initdb', ['-D', part, ...access, ...locale, '--no-instructions', '--no-sync']);
    await run(invocation, 'postgres', ['--single', '-D', part, 'postgres'], `CREATE DATABASE ${database};\n`);
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rm(directory, { recursive: true, force: true });
  await rename(part, directory);
}

function run(
  invocation: Invocation,
  program: 'initdb' | 'postgres',
  args: string[],
  input = '',
): Promise<void> {
  const [command = '', ...rest] = [...invocation.prefix, postgresBinary(program), ...args];
  return new Promise((resolve, reject) => {
    const child = spawn(command, rest, { env: postgresEnvironment(), stdio: ['pipe', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-4000)));
    }
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${program} failed with exit code ${code}:\n${output.trim()}`));
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}
