import { spawn } from 'node:child_process';

/** Kept of what a tool says about itself; more is dropped. */
const complaintLength = 16_384;
/** A tool that says more than this about a file will not come to an end with it. */
const mostComplaints = 4 * 1_048_576;

export interface ToolRun {
  /** Absolute path. */
  readonly command: string;
  readonly args: readonly string[];
  /** Wall clock; then the tool is killed. */
  readonly timeoutMilliseconds: number;
  readonly signal?: AbortSignal;
  /** Gets stdout piece by piece; what it throws kills the tool and is thrown by `runTool`. */
  onOutput(chunk: Buffer): void;
}

export interface ToolEnd {
  /** Null: killed by a signal, for instance by its own resource limits, or because it complained without end. */
  readonly exitCode: number | null;
  readonly timedOut: boolean;
  /** What it wrote to stderr, at most 16 KiB. */
  readonly complaints: string;
}

/**
 * Runs a media tool without shell, stdin or our environment (which holds secrets, and proxies that it would use).
 * @throws what `onOutput` throws, the reason of the signal, or the error of a tool that cannot be started
 */
export async function runTool(run: ToolRun): Promise<ToolEnd> {
  run.signal?.throwIfAborted();
  const child = spawn(run.command, run.args, { stdio: ['ignore', 'pipe', 'pipe'], env: {}, cwd: '/' });
  let failure: { readonly reason: unknown } | undefined;
  let timedOut = false;
  let complaints = '';
  let complained = 0;
  const stop = (reason: unknown): void => {
    failure ??= { reason };
    child.kill('SIGKILL');
  };
  const abort = (): void => stop(run.signal?.reason);
  run.signal?.addEventListener('abort', abort, { once: true });
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill('SIGKILL');
  }, run.timeoutMilliseconds);
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complained += text.length;
    if (complaints.length < complaintLength) complaints = (complaints + text).slice(0, complaintLength);
    if (complained > mostComplaints) child.kill('SIGKILL');
  });
  child.stdout.on('data', (chunk: Buffer) => {
    if (failure !== undefined) return;
    try {
      run.onOutput(chunk);
    } catch (error) {
      stop(error);
    }
  });
  try {
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject).once('close', (code) => resolve(code));
    });
    if (failure !== undefined) throw failure.reason;
    return { exitCode, timedOut, complaints };
  } finally {
    clearTimeout(timer);
    run.signal?.removeEventListener('abort', abort);
  }
}
