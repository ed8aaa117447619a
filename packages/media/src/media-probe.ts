import { TaskError } from '@polyreel/core';
import { availableParallelism } from 'node:os';
import { findMediaTools, type MediaTools } from './media-tools.js';
import { confined, probeArguments, type ProbeInput, type ProbeQuestion } from './probe-arguments.js';
import { ProbeReport, type TrackSpan } from './probe-report.js';
import { Slots } from './slots.js';
import { runTool, type ToolEnd } from './tool-process.js';

const probeTimeoutMilliseconds = 30_000;

export interface ProbeAnswer {
  readonly report: ProbeReport;
  readonly complaints: string;
}

/** Runs ffprobe, a few at a time. */
export class MediaProbe {
  private readonly slots = new Slots(Math.max(2, availableParallelism()));
  private found?: Promise<MediaTools>;

  /** @param given programs to use instead of the packaged ones */
  constructor(private readonly given: Partial<MediaTools> = {}) {}

  async tools(): Promise<MediaTools> {
    this.found ??= findMediaTools();
    return { ...(await this.found), ...this.given };
  }

  /** @throws TaskError UNSUPPORTED_MEDIA when the file cannot be opened or takes too long, what `onSpan` throws */
  async ask(
    from: ProbeInput,
    question: ProbeQuestion,
    maxPixels: number,
    options: { readonly signal?: AbortSignal; readonly onSpan?: (span: TrackSpan) => void } = {},
  ): Promise<ProbeAnswer> {
    const tools = await this.tools();
    const report = new ProbeReport(options.onSpan);
    const [command, args] = confined(tools, tools.ffprobe, probeArguments(from, question, maxPixels));
    const end = await this.slots.run(options.signal, () =>
      runTool({
        command,
        args,
        timeoutMilliseconds: probeTimeoutMilliseconds,
        ...(options.signal === undefined ? {} : { signal: options.signal }),
        onOutput: (chunk) => report.add(chunk),
      }),
    );
    refuseBadEnd(end, maxPixels);
    return { report, complaints: end.complaints };
  }
}

function refuseBadEnd(end: ToolEnd, maxPixels: number): void {
  // Our own trouble, for instance a hard limit of the process below what is asked for.
  if (end.complaints.startsWith('prlimit:'))
    throw new Error(`ffprobe was not started: ${end.complaints.trim()}`);
  if (/exceeds specified max pixel count|Picture size \d+x\d+ is invalid/.test(end.complaints)) {
    const size = /size (\d+x\d+)/.exec(end.complaints)?.[1] ?? 'Its size';
    throw new TaskError('INPUT_TOO_LARGE', `The picture is too large: ${size}, at most ${maxPixels} pixels.`);
  }
  if (end.timedOut || end.exitCode === null) {
    throw new TaskError('UNSUPPORTED_MEDIA', 'The file takes too much time or memory to read.');
  }
  if (end.exitCode !== 0) throw new TaskError('UNSUPPORTED_MEDIA', 'The file is damaged or cut short.');
}
