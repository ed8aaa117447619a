import type { MediaFacts } from '@polyreel/core';
import { numberOf, type ProbeFields, type TrackSpan } from './probe-report.js';

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
 * Frames per second. Containers state a nominal and an average rate and either may be nonsense (browsers record
 * WebM with a nominal 1000), so the counted one decides and a stated one only makes it exact.
 */
function frameRate(stream: ProbeFields, counted: number | undefined): number | undefined {
  const average = ratio(stream.get('avg_frame_rate'));
  const nominal = ratio(stream.get('r_frame_rate'));
  const truth = counted ?? average ?? nominal;
  if (truth === undefined) return undefined;
  return (
    [nominal, average].find((rate) => rate !== undefined && Math.abs(rate - truth) / truth < 0.05) ?? truth
  );
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

/** @param span its packets, when they were walked over */
export function videoFacts(stream: ProbeFields, span?: TrackSpan): MediaFacts {
  const seconds = span === undefined ? 0 : span.end - span.start;
  // A handful of frames gives no rate: the last one's length is often not stated.
  const counted = span !== undefined && span.packets > 10 && seconds > 0 ? span.packets / seconds : undefined;
  const fps = frameRate(stream, counted);
  const videoCodec = stream.get('codec_name');
  return {
    ...pictureFacts(stream, numberOf(stream, 'rotation')),
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
