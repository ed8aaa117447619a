import { TaskError, type MediaExpectation, type MediaFacts } from '@polyreel/core';
import type { MediaFormat } from './media-format.js';
import type { ProbeAnswer } from './media-probe.js';
import { numberOf, type ProbeFields, type TrackSpan } from './probe-report.js';
import { audioFacts, audioTrack, pictureFacts, videoFacts, videoTrack } from './track-facts.js';

const shortestAudioSeconds = 0.1;
const mostFramesPerSecond = 240;
const mostTracks = 64;

/** Words of ffprobe for content that ends too early or does not decode. Warnings it also prints for good files are not here. */
const damaged =
  /EOI missing|error y=|error count|LZW decode failed|not enough data|chunk too big|CRC|partial file|ended prematurely|inflate/i;

const broken = (): TaskError => new TaskError('UNSUPPORTED_MEDIA', 'The file is damaged or cut short.');

/** What the container can hold at all; told from the first bytes, so that a wrong file need not arrive whole. */
export function refuseWrongKind(expected: MediaExpectation, format: MediaFormat): void {
  const fits = {
    image: format.kind === 'image',
    video: format.kind !== 'image',
    audio: format.kind !== 'image',
    reference: true,
  } satisfies Record<MediaExpectation, boolean>;
  if (!fits[expected]) throw wrongKind(expected, format.mediaType);
}

function wrongKind(expected: MediaExpectation, mediaType: string): TaskError {
  const wanted = {
    image: 'an image',
    video: 'a video',
    audio: 'sound',
    reference: 'an image or a video',
  } satisfies Record<MediaExpectation, string>;
  return new TaskError('UNSUPPORTED_MEDIA', `The file is ${mediaType}; ${wanted[expected]} is needed.`);
}

/** The decoders refuse larger frames themselves; this is for sizes that only the container states. */
export function refuseManyPixels({ width = 0, height = 0 }: MediaFacts, pixels: number): void {
  if (width * height <= pixels) return;
  throw new TaskError(
    'INPUT_TOO_LARGE',
    `The picture is too large: ${width}x${height}, at most ${pixels} pixels.`,
  );
}

/** Facts of a decoded still picture. */
export function judgePicture({ report, complaints }: ProbeAnswer): MediaFacts {
  const [stream] = report.streams;
  const [frame] = report.frames;
  if (stream === undefined || frame === undefined || damaged.test(complaints)) throw broken();
  const facts = pictureFacts(stream, numberOf(frame, 'rotation') ?? numberOf(stream, 'rotation'));
  if (facts.width === undefined) throw broken();
  return facts;
}

/** Throws when the tracks run longer than allowed; told span by span while the packets go by. */
export function lengthLimit(seconds: number): (span: Pick<TrackSpan, 'start' | 'end'>) => void {
  return ({ start, end }) => {
    if (end - Math.max(start, 0) > seconds) {
      throw new TaskError('INPUT_TOO_LARGE', `The file plays longer than ${seconds} seconds.`);
    }
  };
}

interface Verdict {
  readonly mediaType: string;
  readonly facts: MediaFacts;
}

/**
 * @param walked all packets
 * @param begun the first packets of the track that is needed, decoded
 */
export function judgeRecording(
  expected: MediaExpectation,
  format: MediaFormat,
  walked: ProbeAnswer,
  begun: ProbeAnswer,
): Verdict {
  const { streams } = walked.report;
  if (streams.length > mostTracks) throw new TaskError('UNSUPPORTED_MEDIA', 'The file has too many tracks.');
  const video = videoTrack(streams);
  const audio = audioTrack(streams);
  // MP4, WebM and Ogg may hold sound alone.
  const mediaType = format.mediaType.replace(/^(audio|video)/, video === undefined ? 'audio' : 'video');
  const needed = expected === 'audio' ? audio : video;
  if (needed === undefined) {
    if (expected === 'audio') throw new TaskError('UNSUPPORTED_MEDIA', 'The file has no sound.');
    throw video === undefined && audio === undefined ? broken() : wrongKind(expected, mediaType);
  }
  if (format.statesLength !== 'no') refuseCutShort(walked, format.statesLength);
  const tracks = expected === 'audio' ? [needed] : [video, audio];
  const durationSeconds = spanOf(tracks, walked);
  if (expected === 'audio' && durationSeconds < shortestAudioSeconds) throw new TaskError('AUDIO_TOO_SHORT');
  if (begun.report.frames.length === 0 || durationSeconds <= 0) throw broken();
  const facts = {
    durationSeconds,
    ...(video === undefined
      ? {}
      : videoFacts(video, walked.report.spans.get(numberOf(video, 'index') ?? -1))),
    ...(audio === undefined ? {} : audioFacts(audio)),
  };
  refuseUnusableVideo(video, facts);
  return { mediaType, facts };
}

function refuseUnusableVideo(video: ProbeFields | undefined, facts: MediaFacts): void {
  if (video === undefined) return;
  if (facts.width === undefined) throw broken();
  if ((facts.fps ?? 0) > mostFramesPerSecond) {
    throw new TaskError(
      'UNSUPPORTED_MEDIA',
      `The video has more than ${mostFramesPerSecond} frames per second.`,
    );
  }
}

/** The stated length against the packets; containers get room for edit lists and padding. */
function refuseCutShort({ report, complaints }: ProbeAnswer, statesLength: 'exactly' | 'roughly'): void {
  if (report.corrupt || /partial file|ended prematurely/i.test(complaints)) throw broken();
  const stated = numberOf(report.format, 'duration');
  if (stated === undefined || /Estimating duration/.test(complaints)) return;
  const end = Math.max(0, ...[...report.spans.values()].map((span) => span.end));
  const room = statesLength === 'exactly' ? 0.1 : Math.max(1, stated * 0.05);
  if (end < stated - room) throw broken();
}

function spanOf(tracks: readonly (ProbeFields | undefined)[], { report }: ProbeAnswer): number {
  const spans = tracks
    .map((track) => report.spans.get((track && numberOf(track, 'index')) ?? -1))
    .filter((span) => span !== undefined);
  if (spans.length === 0) return 0;
  // Samples before zero are encoder priming and not played.
  const start = Math.max(0, Math.min(...spans.map((span) => span.start)));
  return Number((Math.max(...spans.map((span) => span.end)) - start).toFixed(6));
}
