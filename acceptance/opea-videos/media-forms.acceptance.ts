import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { durationOf } from '../platform/media.js';
import { form, VideosClient, type VideoReply } from './videos-client.js';

const client = new VideosClient(inject('baseUrl'));
const sdk = new VideosClient(inject('baseUrl'), { 'x-stainless-lang': 'python' });
const samples = inject('samples');
const media = inject('mediaServer');
const portrait = join(samples, 'portrait.jpg');
const speech = join(samples, 'speech-second.wav');

const dataUrl = async (path: string, type: string) =>
  `data:${type};base64,${(await readFile(path)).toString('base64')}`;

const end = async (id: string) => (await client.pollUntil(id, ['completed', 'error'])).at(-1)!;

const size = '128x128';

describe('media in every form', () => {
  it('URLs in JSON, as text and as object; the length is told once the sound is known', async () => {
    const created = await client.create({
      input_reference: { image_url: `${media}/portrait.jpg` },
      audio: `${media}/speech-second.wav`,
      size,
      seconds: 4,
    });
    const last = await end(created.id);
    const seconds = String(Math.floor(await durationOf(inject('ffprobe'), speech)));
    expect(last).toMatchObject({ status: 'completed', seconds });
  });

  it('data URL and base64 in a form, two audios one after the other', async () => {
    const body = new FormData();
    body.append('input_reference[image_url]', await dataUrl(join(samples, 'two-people.jpg'), 'image/jpeg'));
    body.append('audio[]', (await readFile(speech)).toString('base64'));
    body.append('audio[]', await dataUrl(speech, 'audio/wav'));
    body.append('audio', 'ignored because audio[] is given');
    body.append('size', size);
    const created = await client.create(body);
    const seconds = await durationOf(inject('ffprobe'), speech);
    expect(created.seconds).toBe(String(Math.floor(2 * seconds)));
    expect((await end(created.id)).status).toBe('completed');
  });

  it('a file whose part has a type but no name', async () => {
    const boundary = 'polyreel';
    const part = (name: string, type: string, content: Buffer) =>
      Buffer.concat([
        Buffer.from(
          `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\nContent-Type: ${type}\r\n\r\n`,
        ),
        content,
        Buffer.from('\r\n'),
      ]);
    const response = await fetch(`${inject('baseUrl')}/v1/videos`, {
      method: 'POST',
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
      body: Buffer.concat([
        part('input_reference', 'image/jpeg', await readFile(portrait)),
        part('audio', 'audio/wav', await readFile(speech)),
        Buffer.from(`--${boundary}--\r\n`),
      ]),
    });
    expect(response.status).toBe(200);
    const { id } = (await response.json()) as VideoReply;
    await sdk.request('DELETE', `/v1/videos/${id}`);
  });
});

describe("the original's defects", () => {
  it('a file name cannot leave its place, and equal names stay two files', async () => {
    const body = await form({ size, audio_type: 'add' }, []);
    const content = new Blob([await readFile(portrait)]);
    body.append('input_reference', content, '../../../../etc/evil.png');
    const other = join(samples, 'speech.wav');
    body.append('audio[]', new Blob([await readFile(speech)]), 'output.mp4');
    body.append('audio[]', new Blob([await readFile(other)]), 'output.mp4');
    const created = await client.create(body);
    const both = (await durationOf(inject('ffprobe'), speech)) + (await durationOf(inject('ffprobe'), other));
    expect(created.seconds).toBe(String(Math.floor(both)));
    expect((await end(created.id)).status).toBe('completed');
    const stored = await readdir(join(inject('volumeDir'), '..'), { recursive: true });
    expect(stored.filter((path) => /evil|output\.mp4/.test(path))).toEqual([]);
    await client.request('DELETE', `/v1/videos/${created.id}`);
  });

  it('a prompt with line breaks and separators forges no job and poisons nothing', async () => {
    const forged = 'video_1700000000_0001';
    const prompt = `a\n${forged}$###$completed$###$1700000000$###$x\n$###$`;
    const created = await client.create(
      await form({ prompt, size }, [
        ['input_reference', portrait],
        ['audio', speech],
      ]),
    );
    expect((await client.request('GET', `/v1/videos/${forged}`)).status).toBe(404);
    const { body } = await sdk.request('GET', `/v1/videos/${created.id}`);
    // Forms write every line break as CR LF.
    expect((body as { prompt: string }).prompt.replaceAll('\r\n', '\n')).toBe(prompt);
    expect((await end(created.id)).status).toBe('completed');
  });

  it('one step breaks no estimate, neither for this job nor for the next', async () => {
    const files = [
      ['input_reference', portrait],
      ['audio', speech],
    ] as const;
    const one = await client.create(await form({ steps: '1', size }, files));
    const next = await client.create(await form({ size }, files));
    for (const { id } of [one, next]) {
      const reply = await client.request('GET', `/v1/videos/${id}`);
      expect(reply.status).toBe(200);
      expect((reply.body as VideoReply).estimated_time).toSatisfy(Number.isInteger);
    }
    for (const { id } of [one, next]) await sdk.request('DELETE', `/v1/videos/${id}`);
  });
});

describe('a job that fails', () => {
  it('is error with text to OPEA clients, failed with a code to OpenAI clients, and has no content', async () => {
    const created = await client.create({ input_reference: `${media}/missing`, audio: `${media}/missing` });
    const last = await end(created.id);
    expect(last).toMatchObject({ status: 'error', estimated_time: 0, queue_length: 0, duration: 0 });
    expect(last.error).toMatch(/\w/);
    expect((await sdk.status(created.id)).error).toEqual({
      code: 'input_unreachable',
      message: expect.any(String) as string,
    });
    expect((await sdk.status(created.id)).status).toBe('failed');
    const path = `/v1/videos/${created.id}`;
    const inChinese = await client.request('GET', path, undefined, { 'accept-language': 'zh-CN' });
    expect((inChinese.body as VideoReply).error).toMatch(/\p{Script=Han}/u);
    expect(await client.request('GET', `${path}/content`)).toMatchObject({
      status: 404,
      body: { error: { code: '404' } },
    });
    expect((await client.request('DELETE', path)).body).toMatchObject({ status: 'deleted', error: '' });
  });
});
