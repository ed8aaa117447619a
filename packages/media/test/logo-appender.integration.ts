import { createReadStream } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FfmpegLogoAppender, FfmpegMediaInspector } from '../src/index.js';
import { FileServer } from './file-server.js';
import { h264, SampleFiles, still } from './sample-files.js';

const never = new AbortController().signal;
const inspector = new FfmpegMediaInspector();
let files: SampleFiles;
let store: FileServer;
let spoolDir: string;

beforeAll(async () => {
  [files, store] = await Promise.all([SampleFiles.open(), FileServer.start()]);
  spoolDir = join(files.folder, 'spool');
  await files.make('speech.mp4', [...h264, '-ar', '16000', '-ac', '1'], 2);
});
afterAll(async () => {
  await Promise.all([files.remove(), store.stop()]);
});

const appender = (clip: string) => new FfmpegLogoAppender({ clip: join(files.folder, clip), spoolDir });
const chunksOf = (name: string) => createReadStream(join(files.folder, name)) as AsyncIterable<Uint8Array>;

async function joined(video: string, clip: string): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of appender(clip).append(chunksOf(video), never)) pieces.push(piece);
  return Buffer.concat(pieces);
}

const factsOf = (content: Buffer) => inspector.probeLink(store.serve('/joined.mp4', content));

describe('a clip behind a video', () => {
  const clips = [
    ['another size and rate, with sound', 'tall.mp4', [...h264, '-r', '30', '-ac', '2'], '200x320'],
    ['without sound', 'mute.mp4', [...h264, '-an', '-r', '12'], '640x360'],
    ['in another container and codec', 'clip.avi', ['-c:v', 'mpeg4', '-c:a', 'mp3'], '320x240'],
    ['sound longer than its picture', 'long.mp4', [...h264, '-vf', 'trim=0:1'], '320x180'],
  ] as const;

  it.each(clips)('%s', async (_name, clip, args, size) => {
    await files.make(clip, args, clip === 'long.mp4' ? 3 : 1, size);
    const whole = await joined('speech.mp4', clip);
    expect(await factsOf(whole)).toEqual({
      durationSeconds: expect.any(Number) as number,
      width: 320,
      height: 180,
      fps: 25,
      videoCodec: 'h264',
      audioCodec: 'aac',
      sampleRate: 16_000,
    });
    const { durationSeconds = 0 } = await factsOf(whole);
    expect(Math.abs(durationSeconds - 3)).toBeLessThan(0.15);
    // The index stands in front, so that players begin before they have all of it.
    expect(whole.indexOf('moov')).toBeLessThan(whole.indexOf('mdat'));
    expect(await readdir(spoolDir)).toEqual([]);
  });

  it('leaves a silent video silent', async () => {
    await files.make('silent.mp4', [...h264, '-an'], 1);
    await files.make('loud.mp4', h264, 1);
    const facts = await factsOf(await joined('silent.mp4', 'loud.mp4'));
    expect(facts).toMatchObject({ width: 320, fps: 25 });
    expect(facts.audioCodec).toBeUndefined();
  });
});

describe('trouble', () => {
  it.each([
    ['is missing', 'nowhere.mp4', undefined],
    ['is a folder', '.', undefined],
    ['is a picture', 'still.png', still],
    ['is only sound', 'sound.m4a', ['-vn', '-c:a', 'aac']],
    ['is too long', 'film.mp4', [...h264, '-r', '1']],
  ] as const)('says at the start that the clip %s', async (_name, name, args) => {
    if (args) await files.make(name, args, name === 'film.mp4' ? 61 : 1, '64x64');
    const logo = appender(name);
    await expect(logo.check()).rejects.toThrow(/logo clip .* cannot be used/);
  });

  it('is the fault of neither clip nor store when the video cannot be read, and leaves no file', async () => {
    await files.make('logo.mp4', h264, 1);
    await writeFile(join(files.folder, 'broken.mp4'), 'not a video');
    await expect(joined('broken.mp4', 'logo.mp4')).rejects.toMatchObject({ name: 'TaskError' });
    expect(await readdir(spoolDir)).toEqual([]);
  });

  it('ends with the signal and when the reader leaves, and leaves no file', async () => {
    await files.make('long-speech.mp4', h264, 10, '640x360');
    await files.make('logo.mp4', h264, 1);
    const stop = new AbortController();
    const reason = new Error('cancelled');
    const pieces = appender('logo.mp4').append(chunksOf('long-speech.mp4'), stop.signal);
    const refused = expect(pieces.next()).rejects.toBe(reason);
    // Two files: the video has arrived, and the whole is being written.
    while ((await readdir(spoolDir)).length < 2) await setImmediate();
    stop.abort(reason);
    await refused;
    for await (const piece of appender('logo.mp4').append(chunksOf('speech.mp4'), never)) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
    expect(await readdir(spoolDir)).toEqual([]);
  });
});
