import {
  TaskError,
  type MediaFacts,
  type MediaInspector,
  type SheetLayout,
  type SheetMaker,
} from '@polyreel/core';
import { Agent } from 'undici';
import { withLinkRelay } from './link-relay.js';
import { MediaProbe } from './media-probe.js';
import type { MediaTools } from './media-tools.js';
import { confined, decodeBeginning, inputArguments, type ProbeInput } from './probe-arguments.js';
import { numberOf } from './probe-report.js';
import { Slots } from './slots.js';
import { runTool, type ToolEnd } from './tool-process.js';
import { audioFacts, audioTrack, videoFacts, videoTrack } from './track-facts.js';

const firstPackets = 60;
/** Results are ours; 16k x 16k is only there so that a runaway cannot take all memory. */
const maxPixels = 268_435_456;
const posterTimeoutMilliseconds = 30_000;
const sheetTimeoutMilliseconds = 60_000;
/** Up to this length every frame is decoded for a sheet. */
const wholeDecodeSeconds = 240;
/** Sheets are drawn while somebody waits; so many at once, the others in order. */
const sheetsAtOnce = 2;
const pictureBytes = 16 * 1024 * 1024;

const source = (input: string): ProbeInput => ({
  input,
  demuxers: ['mov', 'matroska'],
  forced: false,
  protocols: 'http,tcp',
});

/** `MediaInspector` and `SheetMaker` on ffprobe and ffmpeg; reads only the parts of the result it needs. */
export class FfmpegMediaInspector implements MediaInspector, SheetMaker {
  private readonly sheets = new Slots(sheetsAtOnce);
  private readonly store = new Agent({ headersTimeout: 10_000, bodyTimeout: 10_000 });
  private readonly probe: MediaProbe;

  /** @param tools absolute paths of programs to use instead of the packaged ones */
  constructor(tools: Partial<MediaTools> = {}) {
    this.probe = new MediaProbe(tools);
  }

  async probeLink(link: string): Promise<MediaFacts> {
    const { report } = await withLinkRelay(this.store, link, (address) =>
      this.probe.ask(source(address), decodeBeginning(firstPackets), maxPixels),
    );
    const video = videoTrack(report.streams);
    const audio = audioTrack(report.streams);
    const type = video === undefined ? 'audio' : 'video';
    if (!report.frames.some((frame) => frame.get('media_type') === type)) {
      throw new TaskError('UNSUPPORTED_MEDIA', 'The result cannot be played.');
    }
    const durationSeconds = numberOf(report.format, 'duration');
    return {
      ...(durationSeconds === undefined ? {} : { durationSeconds }),
      ...(video === undefined ? {} : videoFacts(video)),
      ...(audio === undefined ? {} : audioFacts(audio)),
    };
  }

  async posterOf(link: string, maxSide: number): Promise<Uint8Array> {
    if (!Number.isInteger(maxSide) || maxSide < 2 || maxSide > 8_192)
      throw new RangeError('maxSide is 2 to 8192.');
    const draw = (address: string) => pictureArguments(address, [fitted(maxSide)]);
    return this.draw(link, posterTimeoutMilliseconds, draw, () => {
      throw new TaskError('UNSUPPORTED_MEDIA', 'The result has no picture to show.');
    });
  }

  async sheetOf(link: string, seconds: number, { columns, rows, side }: SheetLayout): Promise<Uint8Array> {
    const rate = (columns * rows) / seconds;
    if (!Number.isFinite(rate) || rate <= 0) throw new RangeError('seconds is above 0.');
    const filters = [`fps=${rate.toFixed(6)}`, fitted(side), 'setsar=1', `tile=${columns}x${rows}`];
    // Of a long video the key frames lie close enough; decoding all of it would take minutes.
    const decoding = seconds > wholeDecodeSeconds ? ['-skip_frame', 'nokey'] : [];
    const draw = (address: string) => pictureArguments(address, filters, decoding);
    return this.sheets.run(undefined, () =>
      this.draw(link, sheetTimeoutMilliseconds, draw, ({ timedOut, complaints }) => {
        throw new Error(timedOut ? 'The sheet took longer than a minute.' : `No sheet: ${complaints}`);
      }),
    );
  }

  private async draw(
    link: string,
    timeoutMilliseconds: number,
    argumentsFor: (address: string) => string[],
    refuse: (end: ToolEnd) => never,
  ): Promise<Uint8Array> {
    const tools = await this.probe.tools();
    const jpeg: Buffer[] = [];
    let bytes = 0;
    await withLinkRelay(this.store, link, async (address) => {
      const [command, args] = confined(tools, tools.ffmpeg, argumentsFor(address));
      const onOutput = (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > pictureBytes) throw new Error('The picture is larger than 16 MiB.');
        jpeg.push(chunk);
      };
      const end = await runTool({ command, args, timeoutMilliseconds, onOutput });
      // Inside, because the relay knows when the store is to blame.
      if (end.exitCode !== 0 || bytes === 0) refuse(end);
    });
    return Buffer.concat(jpeg);
  }
}

/** The longer side is brought down to `maxSide`, never up; the other follows, rounded to an even number. */
function fitted(maxSide: number): string {
  const wide = 'gte(iw,ih)';
  return `scale=w='if(${wide},min(iw,${maxSide}),-2)':h='if(${wide},-2,min(ih,${maxSide}))'`;
}

/** One JPEG to standard output. @param decoding options of the decoder */
function pictureArguments(
  address: string,
  filters: readonly string[],
  decoding: readonly string[] = [],
): string[] {
  return [
    ...['-hide_banner', '-nostdin', '-v', 'error', '-threads', '2', ...decoding],
    ...inputArguments(source(address)),
    ...['-i', address, '-map', '0:v:0', '-frames:v', '1', '-vf', filters.join(',')],
    ...['-c:v', 'mjpeg', '-q:v', '3', '-f', 'image2pipe', 'pipe:1'],
  ];
}
