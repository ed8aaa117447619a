import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { durationOf } from '../platform/media.js';
import { VideosClient, type VideoReply } from './videos-client.js';

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
