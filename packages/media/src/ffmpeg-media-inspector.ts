import { TaskError, type MediaFacts, type MediaInspector } from '@polyreel/core';
import { Agent } from 'undici';
import { withLinkRelay } from './link-relay.js';
import { MediaProbe } from './media-probe.js';
import type { MediaTools } from './media-tools.js';
import { confined, decodeBeginning, inputArguments, type ProbeInput } from './probe-arguments.js';
import { numberOf } from './probe-report.js';
import { runTool } from './tool-process.js';
import { audioFacts, audioTrack, videoFacts, videoTrack } from './track-facts.js';

const firstPackets = 60;
/** Results are ours; 16k x 16k is only there so that a runaway cannot take all memory. */
const maxPixels = 268_435_456;
const posterTimeoutMilliseconds = 30_000;
const posterBytes = 16 * 1024 * 1024;

const source = (input: string): ProbeInput => ({
  input,
  demuxers: ['mov', 'matroska'],
  forced: false,
  protocols: 'http,tcp',
});

/** `MediaInspector` on ffprobe and ffmpeg; reads only the parts of the result it needs. */
export class FfmpegMediaInspector implements MediaInspector {
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
    const tools = await this.probe.tools();
    const jpeg: Buffer[] = [];
    let bytes = 0;
    await withLinkRelay(this.store, link, async (address) => {
      const [command, args] = confined(tools, tools.ffmpeg, posterArguments(address, maxSide));
      const end = await runTool({
        command,
        args,
        timeoutMilliseconds: posterTimeoutMilliseconds,
        onOutput: (chunk) => {
          bytes += chunk.length;
          if (bytes > posterBytes) throw new Error('The poster is larger than 16 MiB.');
          jpeg.push(chunk);
        },
      });
      if (end.exitCode !== 0 || bytes === 0) {
        throw new TaskError('UNSUPPORTED_MEDIA', 'The result has no picture to show.');
      }
    });
    return Buffer.concat(jpeg);
  }
}

/** The longer side is brought down to `maxSide`, never up; the other follows, rounded to an even number. */
function posterArguments(address: string, maxSide: number): string[] {
  const wide = 'gte(iw,ih)';
  const scale = `scale=w='if(${wide},min(iw,${maxSide}),-2)':h='if(${wide},-2,min(ih,${maxSide}))'`;
  return [
    ...['-hide_banner', '-nostdin', '-v', 'error', '-threads', '2'],
    ...inputArguments(source(address)),
    ...['-i', address, '-map', '0:v:0', '-frames:v', '1', '-vf', scale],
    ...['-c:v', 'mjpeg', '-q:v', '3', '-f', 'image2pipe', 'pipe:1'],
  ];
}
