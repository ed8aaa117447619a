import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import OpenAI, { APIError, BadRequestError, NotFoundError } from 'openai';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { durationOf, probe } from '../platform/media.js';
import { poll } from '../platform/poll.js';
import { temporaryFolder } from '../platform/temporary-folder.js';

const baseUrl = inject('baseUrl');
const samples = inject('samples');
const client = new OpenAI({ apiKey: 'none', baseURL: `${baseUrl}/v1` });
const portrait = join(samples, 'portrait.jpg');

const folder = await temporaryFolder();

/** Fields of ours beside OpenAI's own, as the SDK lets them through. */
const create = (fields: Record<string, unknown>) =>
  client.videos.create(fields as unknown as OpenAI.VideoCreateParams);

/** npm's SDK has no poll helper; its readers wait for these words. */
const end = async (id: string) =>
  (
    await poll(
      () => client.videos.retrieve(id),
      ({ status }) => status === 'completed' || status === 'failed',
    )
  ).at(-1)!;

async function download(id: string): Promise<string> {
  const response = await client.videos.downloadContent(id);
  const path = join(folder, `${id}.mp4`);
  await writeFile(path, Buffer.from(await response.arrayBuffer()));
  return path;
}

describe('openai for JavaScript, unmodified', () => {
  let video: OpenAI.Video;

  beforeAll(async () => {
    const created = await create({
      prompt: 'waves at night',
      model: 'sora-2',
      seconds: '1',
      size: '256x144',
    });
    expect(created).toMatchObject({
      object: 'video',
      status: 'queued',
      model: 'preview',
      prompt: 'waves at night',
      size: '256x144',
      seconds: '1',
      error: null,
      completed_at: null,
      expires_at: null,
      remixed_from_video_id: null,
    });
    video = await end(created.id);
  });

  it('makes, retrieves and downloads a video of a prompt alone', async () => {
    expect(video).toMatchObject({ status: 'completed', progress: 100, error: null });
    expect(video.completed_at).toBeGreaterThanOrEqual(video.created_at);
    const thirtyDays = 30 * 86_400;
    expect(Math.abs(video.expires_at! - video.completed_at! - thirtyDays)).toBeLessThanOrEqual(1);
    const facts = await probe(inject('ffprobe'), await download(video.id));
    expect(facts.video).toMatchObject({ codec: 'h264', width: 256, height: 144 });
    expect(Math.abs(facts.duration - 1)).toBeLessThan(0.1);
    const thumbnail = await client.videos.downloadContent(video.id, { variant: 'thumbnail' });
    expect(thumbnail.headers.get('content-type')).toBe('image/jpeg');
    const sheet = await client.videos.downloadContent(video.id, { variant: 'spritesheet' });
    expect(sheet.headers.get('content-type')).toBe('image/jpeg');
  });

  it('animates an image', async () => {
    const created = await create({
      prompt: 'she looks around',
      input_reference: createReadStream(portrait),
      seconds: '1',
      size: '128x128',
    });
    expect((await end(created.id)).status).toBe('completed');
  });

  it('makes two people talk, by the extra fields the SDK lets through', async () => {
    const created = await create({
      prompt: 'a conversation',
      input_reference: createReadStream(join(samples, 'two-people.jpg')),
      audio: ['speech.wav', 'speech-second.wav'].map((name) => createReadStream(join(samples, name))),
      audio_type: 'para',
      logo_video: false,
      size: '256x144',
    });
    expect((await end(created.id)).status).toBe('completed');
    const { duration } = await probe(inject('ffprobe'), await download(created.id));
    const longer = await durationOf(inject('ffprobe'), join(samples, 'speech.wav'));
    expect(Math.abs(duration - longer)).toBeLessThanOrEqual(1 / 25 + 0.03);
  });

  it('takes the reference by URL, as an object', async () => {
    const image_url = `${inject('mediaServer')}/portrait.jpg`;
    const created = await create({ prompt: 'x', input_reference: { image_url }, size: '128x128' });
    expect(await client.videos.delete(created.id)).toMatchObject({ deleted: true });
  });

  it('pages through the list by cursors, in both orders', async () => {
    const own: string[] = [];
    for (let count = 0; count < 3; count++)
      own.push((await create({ prompt: 'x', seconds: '1', size: '128x128' })).id);
    const [first, second, third] = own as [string, string, string];
    const seen: string[] = [];
    for await (const { id } of client.videos.list({ after: first, order: 'asc', limit: 1 })) {
      seen.push(id);
      if (id === third) break;
    }
    expect(seen.filter((id) => own.includes(id))).toEqual([second, third]);
    const newest = (await client.videos.list({ limit: 100 })).data.map(({ id }) => id);
    expect(newest.filter((id) => own.includes(id))).toEqual([third, second, first]);
    await expect(client.videos.list({ after: 'video_1_1' })).rejects.toBeInstanceOf(NotFoundError);
    const raw = await fetch(`${baseUrl}/v1/videos?limit=1&order=asc&after=${first}`);
    const page = (await raw.json()) as Record<string, unknown> & { data: { id: string }[] };
    expect(Object.keys(page)).toEqual(['object', 'data', 'first_id', 'last_id', 'has_more']);
    expect(page).toMatchObject({ object: 'list', first_id: page.data[0]!.id, has_more: true });
    for (const id of own) await client.videos.delete(id);
  });

  it('reads errors as its own classes, and never saves JSON as a video', async () => {
    await expect(client.videos.retrieve('video_1_1')).rejects.toBeInstanceOf(NotFoundError);
    const refused = await create({ prompt: '' }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(BadRequestError);
    expect(refused).toMatchObject({
      status: 400,
      code: '400',
      param: 'prompt',
      type: 'invalid_request_error',
    });
    const waiting = await create({ prompt: 'takes minutes', seconds: '60', size: '832x480' });
    await expect(
      client.videos.downloadContent(waiting.id, { variant: 'spritesheet' }),
    ).rejects.toBeInstanceOf(APIError);
    await client.videos.delete(waiting.id);
  });

  it('deletes', async () => {
    expect(await client.videos.delete(video.id)).toEqual({
      id: video.id,
      object: 'video.deleted',
      deleted: true,
    });
    await expect(client.videos.retrieve(video.id)).rejects.toBeInstanceOf(NotFoundError);
  });

  it('works under /openai/v1 too, where every client is answered in its words', async () => {
    const response = await fetch(`${baseUrl}/openai/v1/videos`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ prompt: 'x', seconds: 1, size: '128x128' }),
    });
    expect(response.headers.get('openai-poll-after-ms')).toMatch(/^\d+$/);
    const { id, error } = (await response.json()) as OpenAI.Video;
    expect(error).toBeNull();
    const removed = await fetch(`${baseUrl}/openai/v1/videos/${id}`, { method: 'DELETE' });
    expect(await removed.json()).toEqual({ id, object: 'video.deleted', deleted: true });
  });
});
