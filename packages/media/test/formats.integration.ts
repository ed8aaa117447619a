import type { MediaExpectation } from '@polyreel/core';
import { sampleWav } from '@polyreel/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { intakeIn, upload } from './intake.js';
import { h264, SampleFiles, still } from './sample-files.js';

let files: SampleFiles;
let clip: Buffer;

beforeAll(async () => {
  files = await SampleFiles.open();
  clip = await files.make('clip.mp4', [...h264, '-movflags', '+faststart'], 2);
});
afterAll(() => files.remove());
afterEach(async () => {
  expect(await intakeIn(files.folder).spooled()).toEqual([]);
});

async function factsOf(expected: MediaExpectation, content: Uint8Array): Promise<object> {
  const media = await intakeIn(files.folder).intake.receive('image', expected, upload(content));
  await media.discard();
  return { mediaType: media.mediaType, ...media.facts };
}

const size = { width: 320, height: 180 };
const sound = { durationSeconds: expect.closeTo(1, 1), sampleRate: 44_100 };

describe('whole files', () => {
  it.each([
    ['a.png', 'image/png', []],
    ['a.jpg', 'image/jpeg', []],
    ['a.webp', 'image/webp', []],
    ['a.bmp', 'image/bmp', []],
    ['a.tiff', 'image/tiff', []],
    ['a.gif', 'image/gif', []],
  ])('%s is an image', async (name, mediaType, args) => {
    const content = await files.make(name, [...still, ...args]);
    expect(await factsOf('image', content)).toEqual({ mediaType, ...size });
    expect(await factsOf('reference', content)).toEqual({ mediaType, ...size });
  });

  it.each([
    ['a.mp4', 'video/mp4', 'h264', h264],
    ['fragmented.mp4', 'video/mp4', 'h264', [...h264, '-movflags', 'frag_keyframe+empty_moov']],
    ['a.mov', 'video/quicktime', 'h264', h264],
    ['a.mkv', 'video/x-matroska', 'h264', h264],
    ['a.webm', 'video/webm', 'vp8', ['-c:v', 'libvpx', '-cpu-used', '8', '-c:a', 'libopus']],
    ['live.webm', 'video/webm', 'vp8', ['-c:v', 'libvpx', '-cpu-used', '8', '-c:a', 'libopus', '-live', '1']],
    ['a.avi', 'video/x-msvideo', 'mpeg4', ['-c:v', 'mpeg4', '-c:a', 'mp3']],
    ['a.flv', 'video/x-flv', 'h264', h264],
    ['a.mpg', 'video/mpeg', 'mpeg1video', ['-c:v', 'mpeg1video', '-c:a', 'mp2']],
  ])('%s is a video with sound', async (name, mediaType, videoCodec, args) => {
    const content = await files.make(name, args);
    const expected = { mediaType, ...size, videoCodec, fps: 25 };
    expect(await factsOf('video', content)).toMatchObject({
      ...expected,
      durationSeconds: expect.closeTo(1, 0),
    });
    expect(await factsOf('audio', content)).toMatchObject({
      mediaType,
      durationSeconds: expect.closeTo(1, 0),
    });
  });

  it.each([
    ['a.wav', 'audio/wav', 'pcm_s16le'],
    ['a.mp3', 'audio/mpeg', 'mp3'],
    ['a.m4a', 'audio/mp4', 'aac'],
    ['a.aac', 'audio/aac', 'aac'],
    ['a.flac', 'audio/flac', 'flac'],
    ['a.ogg', 'audio/ogg', 'vorbis'],
    ['a.aiff', 'audio/aiff', 'pcm_s16be'],
  ])('%s is sound', async (name, mediaType, audioCodec) => {
    const content = await files.make(name, ['-vn']);
    expect(await factsOf('audio', content)).toEqual({ mediaType, audioCodec, ...sound });
  });

  it('MP4 and WebM without picture track are sound', async () => {
    expect(await factsOf('audio', await files.make('sound.mp4', ['-vn']))).toMatchObject({
      mediaType: 'audio/mp4',
    });
    const webm = await files.make('sound.webm', ['-vn', '-c:a', 'libopus']);
    expect(await factsOf('audio', webm)).toMatchObject({ mediaType: 'audio/webm' });
    await expect(factsOf('video', webm)).rejects.toMatchObject({
      message: expect.stringMatching(/a video is needed/),
    });
  });

  it('a video without sound has none', async () => {
    const mute = await files.make('mute.mp4', [...h264, '-an']);
    await expect(factsOf('audio', mute)).rejects.toMatchObject({
      code: 'UNSUPPORTED_MEDIA',
      message: 'The file has no sound.',
    });
  });

  it('a turned phone video is tall', async () => {
    const turned = await files.remux('clip.mp4', 'turned.mp4', ['-metadata:s:v', 'rotate=90']);
    expect(await factsOf('video', turned)).toMatchObject({ width: 180, height: 320 });
  });

  it('a WAV written by a streaming program has its true length', async () => {
    const streamed = sampleWav(2);
    streamed.writeUInt32LE(0xffff_ffff, 4);
    streamed.writeUInt32LE(0xffff_ffff, 40);
    expect(await factsOf('audio', streamed)).toMatchObject({ durationSeconds: 2 });
  });
});

describe('files cut short', () => {
  it.each([
    ['cut.png', 'image', still],
    ['cut.jpg', 'image', still],
    ['cut.webp', 'image', still],
    ['cut.bmp', 'image', still],
    ['cut.gif', 'image', ['-frames:v', '3']],
    ['cut.mp4', 'video', h264],
    ['cut-faststart.mp4', 'video', [...h264, '-movflags', '+faststart']],
    ['cut.mkv', 'video', h264],
    ['cut.webm', 'video', ['-c:v', 'libvpx', '-cpu-used', '8', '-c:a', 'libopus']],
    ['cut.flv', 'video', h264],
    ['cut.wav', 'audio', ['-vn']],
    ['cut.flac', 'audio', ['-vn']],
    ['cut.m4a', 'audio', ['-vn']],
  ] as const)('%s', async (name, expected, args) => {
    const content = await files.make(name, args, 4);
    for (const share of [0.03, 0.5, 0.9]) {
      const part = content.subarray(0, Math.floor(content.length * share));
      await expect(factsOf(expected, part)).rejects.toMatchObject({ code: 'UNSUPPORTED_MEDIA' });
    }
  });
});

describe('limits', () => {
  const limits = { bytes: 8_000_000, seconds: 1, pixels: 320 * 180 - 1, fetchTimeoutSeconds: 10 };

  it.each([
    ['a long video', 'video', () => clip, /longer than 1 seconds/],
    ['long sound', 'audio', () => sampleWav(1.5), /longer than 1 seconds/],
  ] as const)('%s', async (_name, expected, content, message) => {
    const { intake } = intakeIn(files.folder, { limits: { ...limits, pixels: 4_000_000 } });
    await expect(intake.receive('video', expected, upload(content()))).rejects.toMatchObject({
      code: 'INPUT_TOO_LARGE',
      message: expect.stringMatching(message),
    });
  });

  it('a wide video', async () => {
    const { intake } = intakeIn(files.folder, { limits: { ...limits, seconds: 60 } });
    await expect(intake.receive('video', 'video', upload(clip))).rejects.toMatchObject({
      code: 'INPUT_TOO_LARGE',
      message: expect.stringMatching(/320x180/),
    });
  });
});
