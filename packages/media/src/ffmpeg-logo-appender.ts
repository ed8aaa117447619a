import { TaskError, type LogoAppender } from '@polyreel/core';
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { logoArguments, type LeadingVideo, type LogoClip } from './logo-arguments.js';
import { MediaProbe, type ProbeAnswer } from './media-probe.js';
import type { MediaTools } from './media-tools.js';
import { walkPackets, type ProbeInput, type ProbeQuestion } from './probe-arguments.js';
import { numberOf } from './probe-report.js';
import { sniff, sniffLength } from './sniff.js';
import { Spool, type SpooledFile } from './spool.js';
import { runTool } from './tool-process.js';
import { audioTrack, videoTrack } from './track-facts.js';

const maxPixels = 33_177_600;
/** A logo, not a film. */
const longestClipSeconds = 60;
/** Encoding may take this long: a start, and a multiple of the length of the whole. */
const startSeconds = 60;
const secondsPerSecond = 30;

const leadingFacts: ProbeQuestion = {
  entries:
    'stream=index,codec_type,width,height,sample_rate,channels,avg_frame_rate' +
    ':stream_disposition=attached_pic:format=duration',
};

export interface FfmpegLogoAppenderOptions {
  /** Video file of the operator. */
  readonly clip: string;
  /** Folder for temporary files; may be that of the intake. */
  readonly spoolDir: string;
  /** Absolute paths of programs to use instead of the packaged ones. */
  readonly tools?: Partial<MediaTools>;
}

/** `LogoAppender` on ffmpeg. Video and whole lie in the spool while they are joined, never in memory. */
export class FfmpegLogoAppender implements LogoAppender {
  private readonly probe: MediaProbe;
  private readonly spool: Spool;
  private readonly path: string;
  private found?: Promise<LogoClip>;

  constructor(options: FfmpegLogoAppenderOptions) {
    this.probe = new MediaProbe(options.tools);
    this.spool = new Spool(options.spoolDir);
    this.path = resolve(options.clip);
  }

  /** For the start of a process. @throws Error that names the file and what is wrong with it */
  async check(): Promise<void> {
    await this.clip();
  }

  async *append(video: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const clip = await this.clip();
    const limits = { maxBytes: Number.MAX_SAFE_INTEGER, signal, onHead: () => undefined };
    const given = await this.spool.write(video, limits);
    let whole: SpooledFile | undefined;
    try {
      whole = await this.spool.reserve();
      await this.join(given, clip, whole, signal);
      await given.remove();
      yield* whole.read();
    } finally {
      await given.remove();
      await whole?.remove();
    }
  }

  private async join(
    given: SpooledFile,
    clip: LogoClip,
    whole: SpooledFile,
    signal: AbortSignal,
  ): Promise<void> {
    const input = fileInput(given.path, ['mov', 'matroska'], false);
    const answer = await this.probe.ask(input, leadingFacts, maxPixels, { signal });
    const { facts, seconds } = leadingVideo(answer);
    const { ffmpeg } = await this.probe.tools();
    // Not confined as the tools for foreign files are: both files are ours, and the work may rightly take long.
    const end = await runTool({
      command: ffmpeg,
      args: logoArguments(input, facts, clip, `file:${whole.path}`),
      timeoutMilliseconds: 1000 * (startSeconds + secondsPerSecond * (seconds + clip.seconds)),
      signal,
      onOutput: () => undefined,
    });
    if (end.exitCode === 0) return;
    const cause = new Error(end.timedOut ? 'ffmpeg took too long.' : end.complaints);
    throw new TaskError('INTERNAL', 'The logo clip could not be appended.', { cause });
  }

  /** Looked at once; a failed look is repeated. */
  private clip(): Promise<LogoClip> {
    this.found ??= this.look().catch((error: unknown) => {
      this.found = undefined;
      const why = error instanceof Error ? error.message : String(error);
      // Without its cause: this is read by an operator at the end of a log, where a second stack would hide it.
      throw new Error(`The logo clip ${this.path} cannot be used: ${why}`);
    });
    return this.found;
  }

  private async look(): Promise<LogoClip> {
    const format = sniff(await headOf(this.path));
    const input = fileInput(this.path, [format.demuxer], true);
    const { report } = await this.probe.ask(input, walkPackets, maxPixels);
    const video = videoTrack(report.streams);
    const span = report.spans.get((video && numberOf(video, 'index')) ?? -1);
    if (format.kind === 'image' || !span || span.end <= span.start) throw new Error('It is not a video.');
    const seconds = span.end - span.start;
    if (seconds > longestClipSeconds)
      throw new Error(`It is ${Math.ceil(seconds)} s long; at most ${longestClipSeconds} s are appended.`);
    return { input, seconds, hasSound: audioTrack(report.streams) !== undefined };
  }
}

const fileInput = (path: string, demuxers: readonly string[], forced: boolean): ProbeInput => ({
  input: `file:${path}`,
  demuxers,
  forced,
  protocols: 'file',
});

function leadingVideo({ report }: ProbeAnswer): { facts: LeadingVideo; seconds: number } {
  const video = videoTrack(report.streams);
  const audio = audioTrack(report.streams);
  const [width, height] = [video && numberOf(video, 'width'), video && numberOf(video, 'height')];
  const rate = video?.get('avg_frame_rate') ?? '';
  if (!width || !height || !/^[1-9]\d*\/[1-9]\d*$/.test(rate))
    throw new TaskError('INTERNAL', 'The engine made a video that cannot be played.');
  const sampleRate = audio && numberOf(audio, 'sample_rate');
  const sound = sampleRate && { sampleRate, channels: numberOf(audio, 'channels') ?? 1 };
  const seconds = numberOf(report.format, 'duration') ?? 0;
  return { facts: { width, height, rate, ...(sound ? { sound } : {}) }, seconds };
}

async function headOf(path: string): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    if (!(await file.stat()).isFile()) throw new Error('It is not a file.');
    const { buffer, bytesRead } = await file.read(Buffer.alloc(sniffLength), 0, sniffLength, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
