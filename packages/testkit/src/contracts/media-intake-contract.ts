import { TaskError, type MediaIntake, type MediaSource, type TaskErrorCode } from '@polyreel/core';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { samplePng, sampleWav } from '../media-samples.js';

export interface MediaIntakeUnderTest {
  readonly intake: MediaIntake;
  /** Makes the content reachable and returns its URL. */
  serve(content: Uint8Array): string | Promise<string>;
  /** Largest input this intake takes, in bytes; at least 64 KiB. */
  readonly maxBytes: number;
}

async function* streamed(content: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < content.length; start += 1000) yield content.subarray(start, start + 1000);
}

async function contentOf(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

const stream = (content: Uint8Array, fileName?: string): MediaSource => ({
  type: 'stream',
  content: streamed(content),
  ...(fileName === undefined ? {} : { fileName }),
});

/** What every `MediaIntake` promises; `make` is called for each test. */
export function mediaIntakeContract(make: () => MediaIntakeUnderTest | Promise<MediaIntakeUnderTest>): void {
  const refusal = (code: TaskErrorCode): unknown =>
    expect.objectContaining({ name: TaskError.name, code, message: expect.stringMatching(/\S/) });

  describe('MediaIntake', () => {
    it('takes a stream and tells type, size, digest and facts by the bytes', async () => {
      const { intake } = await make();
      const png = samplePng(64, 48);
      const media = await intake.receive('image', 'image', stream(png, 'photo.jpg'));
      expect(media).toMatchObject({
        role: 'image',
        mediaType: 'image/png',
        bytes: png.length,
        sha256: createHash('sha256').update(png).digest('hex'),
        fileName: 'photo.jpg',
        facts: { width: 64, height: 48 },
      });
      await media.discard();
    });

    it('opens the content several times and discards twice', async () => {
      const { intake } = await make();
      const wav = sampleWav(0.5);
      const media = await intake.receive('audio', 'audio', stream(wav));
      expect((await contentOf(media.open())).equals(wav)).toBe(true);
      expect((await contentOf(media.open())).equals(wav)).toBe(true);
      expect(media.facts.durationSeconds).toBeCloseTo(0.5, 2);
      await media.discard();
      await media.discard();
      await expect(contentOf(media.open())).rejects.toThrow();
    });

    it.each([
      ['a data URL', (text: string) => `data:image/png;base64,${text}`],
      ['a data URL with a parameter', (text: string) => `data:image/png;name=a.png;base64,${text}`],
      ['bare base64', (text: string) => text],
      ['base64 with line breaks', (text: string) => text.replace(/.{76}/g, '$&\r\n')],
    ])('takes %s', async (_name, dress) => {
      const { intake } = await make();
      const png = samplePng();
      const text = dress(png.toString('base64'));
      const media = await intake.receive('image', 'image', { type: 'base64', text });
      expect(media).toMatchObject({ mediaType: 'image/png', bytes: png.length });
      await media.discard();
    });

    it('takes a URL', async () => {
      const { intake, serve } = await make();
      const wav = sampleWav(0.3);
      const media = await intake.receive('audio', 'audio', { type: 'url', url: await serve(wav) });
      expect(media).toMatchObject({ mediaType: 'audio/wav', bytes: wav.length });
      await media.discard();
    });

    it('takes an image as reference', async () => {
      const { intake } = await make();
      const media = await intake.receive('image', 'reference', stream(samplePng()));
      expect(media.mediaType).toBe('image/png');
      await media.discard();
    });

    it.each<[string, 'image' | 'video' | 'audio' | 'reference', Uint8Array, TaskErrorCode]>([
      ['nothing', 'image', new Uint8Array(), 'UNSUPPORTED_MEDIA'],
      ['text', 'image', Buffer.from('once upon a time there was a text'), 'UNSUPPORTED_MEDIA'],
      ['sound for an image', 'image', sampleWav(0.5), 'UNSUPPORTED_MEDIA'],
      ['sound for a reference', 'reference', sampleWav(0.5), 'UNSUPPORTED_MEDIA'],
      ['an image for a video', 'video', samplePng(), 'UNSUPPORTED_MEDIA'],
      ['an image for sound', 'audio', samplePng(), 'UNSUPPORTED_MEDIA'],
      ['sound of 0.05 s', 'audio', sampleWav(0.05), 'AUDIO_TOO_SHORT'],
    ])('refuses %s', async (_name, expected, content, code) => {
      const { intake } = await make();
      await expect(intake.receive('image', expected, stream(content))).rejects.toEqual(refusal(code));
    });

    it('refuses what is too large', async () => {
      const { intake, maxBytes } = await make();
      const content = Buffer.concat([samplePng(), Buffer.alloc(maxBytes)]);
      await expect(intake.receive('image', 'image', stream(content))).rejects.toEqual(
        refusal('INPUT_TOO_LARGE'),
      );
    });

    it('refuses text that is not base64', async () => {
      const { intake } = await make();
      const source: MediaSource = { type: 'base64', text: '/inputs/face.png!' };
      await expect(intake.receive('image', 'image', source)).rejects.toEqual(refusal('INVALID_INPUT'));
    });

    it.each<[string, TaskErrorCode]>([
      ['not a url', 'INVALID_INPUT'],
      ['ftp://files.example.com/a.png', 'INVALID_INPUT'],
      ['http://user:secret@files.example.com/a.png', 'INVALID_INPUT'],
      ['http://127.0.0.1/a.png', 'INPUT_UNREACHABLE'],
      ['http://10.1.2.3/a.png', 'INPUT_UNREACHABLE'],
      ['http://169.254.169.254/latest/meta-data', 'INPUT_UNREACHABLE'],
      ['http://[::1]/a.png', 'INPUT_UNREACHABLE'],
      ['http://localhost/a.png', 'INPUT_UNREACHABLE'],
    ])('refuses %s from its text alone', async (url, code) => {
      const { intake } = await make();
      expect(() => intake.checkUrl(url)).toThrow(expect.objectContaining({ code }));
      await expect(intake.receive('image', 'image', { type: 'url', url })).rejects.toEqual(refusal(code));
    });

    it('stops when the signal is aborted', async () => {
      const { intake } = await make();
      const reason = new Error('the client went away');
      const source = stream(samplePng());
      await expect(intake.receive('image', 'image', source, AbortSignal.abort(reason))).rejects.toBe(reason);
    });
  });
}
