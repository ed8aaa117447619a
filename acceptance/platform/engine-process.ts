import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const inference = resolve(import.meta.dirname, '../../inference');
const python = resolve(inference, '../.venv/diffusion/bin/python');

/** Time to write checkpoints and start engine and platform: on a busy machine importing PyTorch alone takes long. */
export const SETUP_MILLISECONDS = 400_000;

/** Writes a Wan checkpoint with random numbers, in a layout in which the published weights come. */
export async function writeCheckpoint(kind: string, layout: string, folder: string): Promise<void> {
  await promisify(execFile)(python, ['-m', 'tests.checkpoints', kind, layout, folder], { cwd: inference });
}

/** Writes an InfiniteTalk model with random numbers as it is published; returns the options that name its parts. */
export async function writeInfiniteTalk(folder: string): Promise<string[]> {
  await promisify(execFile)(python, ['-m', 'tests.checkpoints.infinitetalk', folder], { cwd: inference });
  return [
    ...['--ckpt_dir', join(folder, 'Wan2.1-I2V-14B-480P')],
    ...['--wav2vec_dir', join(folder, 'chinese-wav2vec2-base')],
    ...['--infinitetalk_dir', join(folder, 'InfiniteTalk/multi/infinitetalk.safetensors')],
  ];
}

/** Writes a LatentSync model with random numbers as it is published; returns the option that names it. */
export async function writeLatentSync(folder: string): Promise<string[]> {
  await promisify(execFile)(python, ['-m', 'tests.checkpoints.latentsync', folder], { cwd: inference });
  return ['--checkpoint', folder];
}

/** An engine process, or a group of them, started as an operator starts it. */
export class EngineProcess {
  private constructor(
    readonly address: string,
    private readonly process: ChildProcess,
    private readonly output: string[],
  ) {}

  /**
   * @param options of `serve` for this engine
   * @param processes more than one: started by torchrun, the first serves and the others help it
   */
  static async start(
    engine: 'wan' | 'infinitetalk' | 'latentsync',
    folder: string,
    options: readonly string[],
    processes = 1,
  ): Promise<EngineProcess> {
    const portFile = join(folder, 'port');
    const launcher =
      processes === 1
        ? [python]
        : [join(dirname(python), 'torchrun'), '--standalone', `--nproc_per_node=${processes}`];
    const [command, ...words] = [
      ...launcher,
      ...['-m', 'polyreel_inference', 'serve', engine, '--port-file', portFile],
      ...['--workspace-dir', join(folder, 'workspaces'), '--drain-seconds', '2', '--device', 'cpu'],
      ...options,
    ];
    // One thread each: the processes of a group must not fight for the cores.
    const env = { ...process.env, OMP_NUM_THREADS: '1', PYTHONUNBUFFERED: '1' };
    const child = spawn(command!, words, { cwd: inference, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const output: string[] = [];
    const ready = Promise.withResolvers<void>();
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', (line) => {
        output.push(line);
        if (line.includes('"msg": "ready"')) ready.resolve();
      });
    child.once('exit', (code) =>
      ready.reject(new Error(`The engine did not start (exit code ${code}):\n${output.join('\n')}`)),
    );
    await ready.promise;
    return new EngineProcess(`127.0.0.1:${(await readFile(portFile, 'utf8')).trim()}`, child, output);
  }

  /** Everything its processes wrote so far, as lines. */
  get log(): readonly string[] {
    return this.output;
  }

  /**
   * Processes of the engine that ended with nothing left undone. The exit code does not tell: torchrun always reports
   * that it was told to end.
   */
  get completeEnds(): number {
    return this.output.filter((line) => line.includes('"msg": "stopped", "complete": true')).length;
  }

  /** Ends it as a supervisor does and returns its exit code. */
  async stop(): Promise<number | null> {
    const { exitCode, signalCode } = this.process;
    if (exitCode !== null || signalCode !== null) return exitCode;
    // Later than its exit: by now everything its processes wrote has been read.
    const closed = once(this.process, 'close') as Promise<[number | null]>;
    this.process.kill('SIGTERM');
    return (await closed)[0];
  }
}
