import { describe, expect, it } from 'vitest';
import { judgePicture, judgeRecording, lengthLimit, refuseWrongKind } from './judge-media.js';
import { mediaFormats } from './media-format.js';
import type { ProbeAnswer } from './media-probe.js';
import { ProbeReport } from './probe-report.js';

function answer(lines: string[], complaints = ''): ProbeAnswer {
  const report = new ProbeReport();
  report.add(Buffer.from(lines.map((line) => `${line}\n`).join('')));
  return { report, complaints };
}

const video =
  'stream|index=0|codec_type=video|codec_name=h264|width=640|height=360|avg_frame_rate=25/1|r_frame_rate=25/1';
const audio = 'stream|index=1|codec_type=audio|codec_name=aac|sample_rate=44100';
const cover = 'stream|index=0|codec_type=video|codec_name=png|width=64|height=64|disposition:attached_pic=1';
const packets = (index: number, end: number): string =>
  `packet|stream_index=${index}|pts_time=0|duration_time=${end}`;
/** Video frames at even distances, in seconds. */
const frames = (count: number, apart: number): string[] =>
  Array.from(
    { length: count },
    (_, n) => `packet|stream_index=0|pts_time=${n * apart}|duration_time=${apart}`,
  );
const frame = answer(['frame|media_type=video']);

describe('recordings', () => {
  const { mp4, m4a, mp3 } = mediaFormats;

  it('tells facts of both tracks', () => {
    const walked = answer([packets(0, 2), packets(1, 2.02), video, audio, 'format|duration=2.02']);
    expect(judgeRecording('video', mp4, walked, frame)).toEqual({
      mediaType: 'video/mp4',
      facts: {
        durationSeconds: 2.02,
        width: 640,
        height: 360,
        fps: 25,
        videoCodec: 'h264',
        audioCodec: 'aac',
        sampleRate: 44_100,
      },
    });
  });

  it('measures sound alone when sound is needed', () => {
    const walked = answer([packets(0, 5), packets(1, 2), video, audio]);
    expect(judgeRecording('audio', mp4, walked, frame).facts.durationSeconds).toBe(2);
  });

  it('believes the packets, not the header', () => {
    const walked = answer([packets(1, 7), audio, 'format|duration=1']);
    expect(judgeRecording('audio', mp3, walked, frame).facts.durationSeconds).toBe(7);
  });

  it('counts frames where the stated rates are nonsense', () => {
    const recorded = video.replace(
      'avg_frame_rate=25/1|r_frame_rate=25/1',
      'avg_frame_rate=0/0|r_frame_rate=1000/1',
    );
    const walked = answer([...frames(60, 1 / 30), recorded]);
    expect(judgeRecording('video', mediaFormats.webm, walked, frame).facts.fps).toBe(30);
  });

  it('turns a video type without picture track into sound', () => {
    const walked = answer([packets(1, 3), audio]);
    expect(judgeRecording('audio', mp4, walked, frame).mediaType).toBe('audio/mp4');
  });

  it('does not take cover art for a video', () => {
    const walked = answer([packets(1, 3), cover, audio]);
    expect(judgeRecording('audio', m4a, walked, frame).facts).not.toHaveProperty('videoCodec');
    expect(() => judgeRecording('video', m4a, walked, frame)).toThrow(/a video is needed/);
  });

  it.each([
    ['no sound', 'audio', [packets(0, 3), video], 'UNSUPPORTED_MEDIA'],
    ['sound of 0.09 s', 'audio', [packets(1, 0.09), audio], 'AUDIO_TOO_SHORT'],
    ['no tracks', 'video', [], 'UNSUPPORTED_MEDIA'],
    ['a missing end', 'video', [packets(0, 3), video, 'format|duration=10'], 'UNSUPPORTED_MEDIA'],
    ['a damaged packet', 'video', [`${packets(0, 3)}|flags=K_C`, video], 'UNSUPPORTED_MEDIA'],
    ['no packets', 'video', [video], 'UNSUPPORTED_MEDIA'],
    ['no size', 'video', [packets(0, 3), video.replace('width=640', 'width=0')], 'UNSUPPORTED_MEDIA'],
    ['1000 fps', 'video', [...frames(50, 0.001), video], 'UNSUPPORTED_MEDIA'],
    ['100 tracks', 'video', [packets(0, 3), ...Array<string>(100).fill(video)], 'UNSUPPORTED_MEDIA'],
  ] as const)('refuses %s', (_name, expected, lines, code) => {
    expect(() => judgeRecording(expected, mp4, answer([...lines]), frame)).toThrow(
      expect.objectContaining({ code }),
    );
  });

  it('refuses what does not decode', () => {
    const walked = answer([packets(0, 3), video]);
    expect(() => judgeRecording('video', mp4, walked, answer([]))).toThrow(/damaged/);
  });

  it('limits the length, whatever time the file begins at', () => {
    const check = lengthLimit(10);
    expect(() => check({ start: 100, end: 109 })).not.toThrow();
    expect(() => check({ start: 0, end: 11 })).toThrow(expect.objectContaining({ code: 'INPUT_TOO_LARGE' }));
  });
});

describe('pictures', () => {
  const png = 'stream|index=0|codec_type=video|codec_name=png|width=800|height=600';

  it('gives width and height after rotation', () => {
    expect(judgePicture(answer(['frame|media_type=video', png]))).toEqual({ width: 800, height: 600 });
    expect(judgePicture(answer(['frame|media_type=video|rotation=-90', png]))).toEqual({
      width: 600,
      height: 800,
    });
  });

  it.each([
    ['no frame', [png], ''],
    ['no size', ['frame|media_type=video', png.replace('800', '0')], ''],
    ['a missing end', ['frame|media_type=video', png], '[mjpeg @ 0x1] [warning] EOI missing, emulating'],
  ])('refuses %s', (_name, lines, complaints) => {
    expect(() => judgePicture(answer(lines, complaints))).toThrow(/damaged/);
  });
});

it.each([
  ['image', 'wav', false],
  ['image', 'mp4', false],
  ['image', 'gif', true],
  ['video', 'gif', false],
  ['video', 'mp4', true],
  ['audio', 'mp4', true],
  ['audio', 'png', false],
  ['reference', 'png', true],
  ['reference', 'gif', true],
  ['reference', 'webm', true],
] as const)('%s from %s: %s', (expected, format, fits) => {
  const check = (): void => refuseWrongKind(expected, mediaFormats[format]);
  if (fits) expect(check).not.toThrow();
  else expect(check).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_MEDIA' }));
});
