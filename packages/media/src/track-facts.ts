import type { MediaFacts } from '@polyreel/core';
import { numberOf, type ProbeFields } from './probe-report.js';

/** Cover art of a song is not a picture track. */
export const videoTrack = (streams: readonly ProbeFields[]): ProbeFields | undefined =>
  streams.find(
    (stream) => stream.get('codec_type') === 'video' && stream.get('disposition:attached_pic') !== '1',
  );

export const audioTrack = (streams: readonly ProbeFields[]): ProbeFields | undefined =>
  streams.find((stream) => stream.get('codec_type') === 'audio');

/** "30000/1001" as a number. Undefined for "0/0". */
function ratio(text: string | undefined): number | undefined {
  const [over = Number.NaN, under = Number.NaN] = (text ?? '').split('/').map(Number);
  const value = over / under;
  return Number.isFinite(value) && value > 0 ? value : undefined;
}

/**
 * Frames per second. The nominal rate is the exact one when both agree; it is far off when frames are not evenly
 * spaced, and then the average counts.
 */
function frameRate(stream: ProbeFields): number | undefined {
  const average = ratio(stream.get('avg_frame_rate'));
  const nominal = ratio(stream.get('r_frame_rate'));
  if (average === undefined || nominal === undefined) return average ?? nominal;
  return Math.abs(nominal - average) / average < 0.02 ? nominal : average;
}

/** @param rotated by the stream or its first frame, in degrees */
export function pictureFacts(
  stream: ProbeFields,
  rotated: number | undefined,
): Pick<MediaFacts, 'width' | 'height'> {
  const width = numberOf(stream, 'width');
  const height = numberOf(stream, 'height');
  if (width === undefined || height === undefined || width < 1 || height < 1) return {};
  const onItsSide = Math.abs(Math.round(rotated ?? 0)) % 180 === 90;
  return onItsSide ? { width: height, height: width } : { width, height };
}

export function videoFacts(stream: ProbeFields, rotated: number | undefined): MediaFacts {
  const fps = frameRate(stream);
  const videoCodec = stream.get('codec_name');
  return {
    ...pictureFacts(stream, rotated),
    ...(fps === undefined ? {} : { fps: Number(fps.toFixed(3)) }),
    ...(videoCodec === undefined ? {} : { videoCodec }),
  };
}

export function audioFacts(stream: ProbeFields): MediaFacts {
  const sampleRate = numberOf(stream, 'sample_rate');
  const audioCodec = stream.get('codec_name');
  return {
    ...(audioCodec === undefined ? {} : { audioCodec }),
    ...(sampleRate === undefined ? {} : { sampleRate }),
  };
}
