import { samplePng, sampleWav } from '@polyreel/testkit';
import { mkdir, readdir, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MediaProbe } from '../src/media-probe.js';
import { decodeBeginning } from '../src/probe-arguments.js';
import { intakeIn, upload } from './intake.js';
import { movieOfTinySamples } from './mp4-boxes.js';
import { h264, SampleFiles } from './sample-files.js';

let files: SampleFiles;

beforeEach(async () => {
  files = await SampleFiles.open();
});
afterEach(() => files.remove());

/** A few hundred bytes that claim to be a huge picture. */
function bombPng(side: number): Buffer {
  const png = samplePng(8, 8);
  png.writeUInt32BE(side, 16);
  png.writeUInt32BE(side, 20);
  png.writeUInt32BE(crc32(png.subarray(12, 29)), 29);
  return png;
}

describe('hostile content', () => {
  it.each([
    ['text named .png', 'image', Buffer.from('this is not a picture'), 'UNSUPPORTED_MEDIA', /is text/],
    ['nothing', 'image', Buffer.alloc(0), 'UNSUPPORTED_MEDIA', /empty/],
    ['zeros', 'video', Buffer.alloc(100_000), 'UNSUPPORTED_MEDIA', /can read/],
    [
      'an HLS playlist named .mp4',
      'video',
      Buffer.from('#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n'),
      'UNSUPPORTED_MEDIA',
      /HLS/,
    ],
    [
      'a playlist behind an MP4 head',
      'video',
      Buffer.from('\0\0\0\x14ftypisom\0\0\0\0isom#EXTM3U\nfile:///etc/passwd\n', 'latin1'),
      'UNSUPPORTED_MEDIA',
      /damaged/,
    ],
    ['a 60000 x 60000 bomb', 'image', bombPng(60_000), 'INPUT_TOO_LARGE', /60000x60000/],
    ['a bomb beyond all numbers', 'image', bombPng(0x7fff_ffff), 'INPUT_TOO_LARGE', /too large/],
    ['sound of 0.05 s', 'audio', sampleWav(0.05), 'AUDIO_TOO_SHORT', /0\.1 seconds/],
    ['a WAV without sound in it', 'audio', sampleWav(0), 'AUDIO_TOO_SHORT', /0\.1 seconds/],
    ['signature and nothing else', 'image', samplePng().subarray(0, 8), 'UNSUPPORTED_MEDIA', /damaged/],
  ] as const)('%s', async (name, expected, content, code, message) => {
    const { intake, spooled } = intakeIn(files.folder);
    await expect(intake.receive('image', expected, upload(content, name))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    expect(await spooled()).toEqual([]);
  });

  it('an MP4 that takes its samples from another file', async () => {
    const { intake, spooled } = intakeIn(files.folder);
    const clip = await files.make('clip.mp4', h264);
    const entry = clip.indexOf('url ', clip.indexOf('dref'));
    clip.writeUIntBE(0, entry + 5, 3); // no longer "self-contained"
    await expect(intake.receive('video', 'video', upload(clip))).rejects.toMatchObject({
      code: 'UNSUPPORTED_MEDIA',
      message: 'The file refers to media outside itself.',
    });
    expect(await spooled()).toEqual([]);
  });

  it('the same complaint about every packet is heard once', async () => {
    const path = join(files.folder, 'tiny.mp4');
    await writeFile(path, movieOfTinySamples(100_000));
    const from = { input: `file:${path}`, demuxers: ['mov'], forced: true, protocols: 'file' };
    const { complaints } = await new MediaProbe().ask(from, decodeBeginning(12), 1_000_000);
    expect(complaints.match(/header damaged/g)!.length).toBeLessThan(10);
  });

  it('samples that take next to no time', async () => {
    const { intake, spooled } = intakeIn(files.folder);
    await expect(intake.receive('video', 'video', upload(movieOfTinySamples(100_000)))).rejects.toMatchObject(
      {
        code: 'UNSUPPORTED_MEDIA',
        message: 'The file has more packets than any real one.',
      },
    );
    expect(await spooled()).toEqual([]);
  });

  it('random damage never ends in anything but a verdict', async () => {
    const { intake, spooled } = intakeIn(files.folder);
    const clip = await files.make('clip.mp4', [...h264, '-movflags', '+faststart'], 0.4, '64x64');
    for (let round = 0; round < 25; round++) {
      const damaged = Buffer.from(clip);
      // A fixed pattern of places: the same files in every run.
      for (let n = 1; n <= 8; n++)
        damaged[(round * 7919 + n * 104_729) % damaged.length] = (round * 31 + n) & 0xff;
      const outcome = await intake.receive('video', 'video', upload(damaged)).then(
        async (media) => {
          await media.discard();
          return 'taken';
        },
        (error: unknown) => error,
      );
      if (outcome !== 'taken')
        expect(outcome).toMatchObject({ name: 'TaskError', code: expect.not.stringMatching('INTERNAL') });
    }
    expect(await spooled()).toEqual([]);
  });
});

describe('names', () => {
  it.each([
    ['it\'s a "face" $(touch x) `id`.png', 'it\'s a "face" $(touch x) `id`.png'],
    ['../../../etc/cron.d/face.png', 'face.png'],
    ['-i.png', '-i.png'],
    ['C:\\fakepath\\face.png', 'face.png'],
    ['\u0000\n.png', '.png'],
  ])('%j is only shown', async (given, shown) => {
    const { intake, spooled } = intakeIn(files.folder);
    const media = await intake.receive('image', 'image', upload(samplePng(), given));
    expect(media.fileName).toBe(shown);
    expect(await spooled()).toEqual([expect.stringMatching(/^media-[0-9a-f-]{36}$/)]);
    expect(await readdir(files.folder)).toEqual(['spool']);
    await media.discard();
    expect(await spooled()).toEqual([]);
  });
});

describe('the spool', () => {
  it('is private, and empty after an abort in the middle', async () => {
    const { intake, spooled } = intakeIn(files.folder);
    const controller = new AbortController();
    const reason = new Error('the client went away');
    const modes: number[] = [];
    let closed = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        yield samplePng();
        yield Buffer.alloc(65_536);
        const spool = join(files.folder, 'spool');
        for (const path of [spool, join(spool, (await spooled())[0] ?? '')])
          modes.push((await stat(path)).mode & 0o777);
        controller.abort(reason);
        yield Buffer.alloc(1);
        await new Promise(() => undefined);
      } finally {
        closed = true;
      }
    }
    const source = { type: 'stream', content: endless() } as const;
    await expect(intake.receive('image', 'image', source, controller.signal)).rejects.toBe(reason);
    expect(modes).toEqual([0o700, 0o600]);
    expect(await spooled()).toEqual([]);
    expect(closed).toBe(true);
  });

  it('is left by a source that hangs when the signal is aborted', async () => {
    const { intake, spooled } = intakeIn(files.folder);
    const reason = new Error('the client went away');
    const controller = new AbortController();
    async function* hanging(): AsyncGenerator<Uint8Array> {
      yield samplePng();
      queueMicrotask(() => controller.abort(reason));
      await new Promise(() => undefined);
    }
    const source = { type: 'stream', content: hanging() } as const;
    await expect(intake.receive('image', 'image', source, controller.signal)).rejects.toBe(reason);
    expect(await spooled()).toEqual([]);
  });

  it('is empty after a source that fails, which is thrown as it is', async () => {
    const { intake, spooled } = intakeIn(files.folder);
    const failure = new Error('connection reset');
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield samplePng();
      throw failure;
    }
    const source = { type: 'stream', content: failing() } as const;
    await expect(intake.receive('image', 'image', source)).rejects.toBe(failure);
    expect(await spooled()).toEqual([]);
  });

  it('loses what a killed process left a day ago, and nothing else', async () => {
    const { intake, spooled } = intakeIn(files.folder);
    const spool = join(files.folder, 'spool');
    await mkdir(spool, { mode: 0o755 });
    const stale = `media-${'0'.repeat(8)}-0000-4000-8000-${'0'.repeat(12)}`;
    const fresh = stale.replace('media-0', 'media-1');
    for (const name of [stale, fresh, 'notes.txt']) await writeFile(join(spool, name), 'x');
    const longAgo = new Date(Date.now() - 25 * 60 * 60 * 1000);
    for (const name of [stale, 'notes.txt']) await utimes(join(spool, name), longAgo, longAgo);
    await intake.cleanSpool();
    expect((await spooled()).sort()).toEqual([fresh, 'notes.txt']);
    expect((await stat(spool)).mode & 0o777).toBe(0o700);
  });

  it('refuses a folder that is a link', async () => {
    await symlink('/tmp', join(files.folder, 'spool'));
    await expect(intakeIn(files.folder).intake.cleanSpool()).rejects.toThrow(/spool folder/);
  });

  it('takes 200 MB without holding them in memory', async () => {
    const limits = { bytes: 300_000_000, seconds: 3_600, pixels: 4_000_000, fetchTimeoutSeconds: 10 };
    const { intake } = intakeIn(files.folder, { limits });
    const header = sampleWav(0, 48_000);
    header.writeUInt32LE(0xffff_ffff, 40);
    let peak = 0;
    async function* long(): AsyncGenerator<Uint8Array> {
      yield header;
      for (let n = 0; n < 3_200; n++) {
        yield Buffer.alloc(65_536, n);
        if (n % 100 === 0) peak = Math.max(peak, process.memoryUsage().rss);
      }
    }
    const before = process.memoryUsage().rss;
    const media = await intake.receive('audio', 'audio', { type: 'stream', content: long() });
    expect(media.bytes).toBe(44 + 3_200 * 65_536);
    expect(media.facts.durationSeconds).toBeCloseTo((3_200 * 65_536) / 96_000, 1);
    // Garbage collected only after 64 MB is counted as well.
    expect(peak - before).toBeLessThan(150_000_000);
    await media.discard();
  });

  it('stops reading at the limit', async () => {
    const { intake, spooled } = intakeIn(files.folder);
    let taken = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield samplePng();
      for (;;) yield Buffer.alloc((taken += 1_000_000) && 1_000_000);
    }
    const source = { type: 'stream', content: endless() } as const;
    await expect(intake.receive('image', 'image', source)).rejects.toMatchObject({
      code: 'INPUT_TOO_LARGE',
      message: 'The file is larger than 7.6 MiB.',
    });
    expect(taken).toBeLessThan(10_000_000);
    expect(await spooled()).toEqual([]);
  });

  it('does not wait for the rest of a file that cannot be right', async () => {
    const { intake } = intakeIn(files.folder);
    let pieces = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        pieces += 1;
        yield Buffer.alloc(4_096, 'text ');
      }
    }
    const source = { type: 'stream', content: endless() } as const;
    await expect(intake.receive('image', 'image', source)).rejects.toMatchObject({
      code: 'UNSUPPORTED_MEDIA',
    });
    expect(pieces).toBe(1);
  });
});
