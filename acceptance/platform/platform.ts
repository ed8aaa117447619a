import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

/** A child of the launcher, as its process table shows it. */
export interface ProcessRow {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
}

/** One running Polyreel, started as an operator starts it. */
export class Platform {
  private constructor(
    readonly baseUrl: string,
    readonly dataDir: string,
    private readonly launcher: ChildProcess,
    private readonly output: string[],
  ) {}

  /**
   * @param environment added to the launcher's own
   * @param prepare puts files into the data folder before anything runs: the object store looks at its folders once a
   * second, and would not know at once what comes later
   */
  static async start(
    environment: Record<string, string> = {},
    prepare: (dataDir: string) => Promise<void> = async () => undefined,
  ): Promise<Platform> {
    const dataDir = await mkdtemp(join(tmpdir(), 'polyreel-acceptance-'));
    await prepare(dataDir);
    const cli = join(root, 'packages/devstack/dist/cli.js');
    const launcher = spawn(process.execPath, [cli, '--no-sample', '--port', '0', '--data-dir', dataDir], {
      cwd: root,
      // A test run that is killed closes the pipe, and nothing of the platform outlives it.
      env: { ...process.env, EXIT_WITH_PARENT: 'true', ...environment },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const output: string[] = [];
    const ready = Promise.withResolvers<string>();
    const collect = (chunk: Buffer) => {
      output.push(chunk.toString());
      const match = /Ready after .*?(http:\/\/\S+)/.exec(output.join(''));
      if (match) ready.resolve(match[1]!);
    };
    launcher.stdout.on('data', collect);
    launcher.stderr.on('data', collect);
    launcher.once('exit', (code) =>
      ready.reject(new Error(`The platform did not start (exit code ${code}):\n${output.join('')}`)),
    );
    const baseUrl = await ready.promise;
    return new Platform(baseUrl, dataDir, launcher, output);
  }

  /** The running child of this name, or undefined while it is being restarted. */
  child(name: string): ProcessRow | undefined {
    const rows = JSON.parse(readFileSync(join(this.dataDir, 'run/processes.json'), 'utf8')) as ProcessRow[];
    return rows.find((row) => row.name === name);
  }

  /** kill -9. */
  kill(name: string): void {
    const row = this.child(name);
    if (!row) throw new Error(`There is no running ${name}.`);
    process.kill(row.pid, 'SIGKILL');
  }

  /** Everything the launcher printed so far. */
  get log(): string {
    return this.output.join('');
  }

  /** Ends like Ctrl-C and returns the launcher's exit code. */
  async stop(): Promise<number | null> {
    const { exitCode, signalCode } = this.launcher;
    const ended = exitCode !== null || signalCode !== null;
    const exited = ended ? Promise.resolve([exitCode]) : once(this.launcher, 'exit');
    this.launcher.kill('SIGINT');
    const [code] = (await exited) as [number | null];
    // Again while something appears in it: children of a server that had to be killed end a moment after it.
    await rm(this.dataDir, { recursive: true, force: true, maxRetries: 10 });
    return code;
  }
}
