import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { filesBelow } from '../platform/files-below.js';
import { durationOf, probe, writeTone } from '../platform/media.js';
import { Platform } from '../platform/platform.js';
import { temporaryFolder } from '../platform/temporary-folder.js';
import { form, VideosClient, type VideoReply } from './videos-client.js';

const run = promisify(execFile);
const portrait = join(inject('samples'), 'portrait.jpg');
const speech = join(inject('samples'), 'speech-second.wav');
const clipSeconds = 1;
const size = '256x144';

/** A server with a logo clip, that keeps results for ever and has no other clients. */
let platform: Platform;
let client: VideosClient;
let sdk: OpenAI;
/** Paths of list requests the SDK sends. */
const listRequests: string[] = [];
const folder = await temporaryFolder();

beforeAll(async () => {
  const clip = join(folder, 'logo.mp4');
  const picture = ['-f', 'lavfi', '-i', 'color=c=red:s=120x200:r=30'];
  const sound = ['-f', 'lavfi', '-i', 'sine=f=440:r=48000'];
  const codecs = ['-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-ac', '2'];
  const length = ['-t', String(clipSeconds)];
  await run(inject('ffmpeg'), ['-v', 'error', ...picture, ...sound, ...length, ...codecs, clip]);
  platform = await Platform.start({ LOGO_VIDEO: clip, RETENTION_DAYS: '0' });
  client = new VideosClient(platform.baseUrl);
  sdk = new OpenAI({
    apiKey: 'none',
    baseURL: `${platform.baseUrl}/v1`,
    fetch: (url, init) => {
      const { pathname, search } = new URL(String(url));
      if (pathname === '/v1/videos' && (init?.method ?? 'GET').toUpperCase() === 'GET')
        listRequests.push(search);
      return fetch(url, init);
    },
  });
});
afterAll(async () => {
  await platform.stop();
});

const talk = async (fields: Record<string, string>, audio = speech) =>
  client.create(
    await form({ size, ...fields }, [
      ['input_reference', portrait],
      ['audio', audio],
    ]),
  );
const end = async (id: string) => (await client.pollUntil(id, ['completed', 'error'])).at(-1)!;

async function download(id: string): Promise<string> {
  const path = join(folder, `${id}.mp4`);
  const response = await fetch(`${platform.baseUrl}/v1/videos/${id}/content`);
  await writeFile(path, Buffer.from(await response.arrayBuffer()));
  return path;
}

/** Red, green and blue (0 to 255) of the middle and the left edge, so many seconds before the end. */
async function colours(path: string, beforeEnd: number): Promise<number[][]> {
  const at = ['-v', 'error', '-sseof', String(-beforeEnd), '-i', path, '-frames:v', '1'];
  const spot = async (crop: string) => {
    const output = ['-vf', `crop=${crop},scale=1:1`, '-pix_fmt', 'rgb24', '-f', 'rawvideo', 'pipe:1'];
    const { stdout } = await run(inject('ffmpeg'), [...at, ...output], { encoding: 'buffer' });
    return [...stdout];
  };
  return [await spot('8:8'), await spot('8:8:0:68')];
}

describe('logo_video', () => {
  let video: VideoReply;
  let spoken: number;

  beforeAll(async () => {
    spoken = await durationOf(inject('ffprobe'), speech);
    video = await end((await talk({ logo_video: 'True' })).id);
  });

  it('puts the clip behind the video, in its size, frame rate and sound; seconds is that of the whole', async () => {
    expect(video).toMatchObject({ status: 'completed', progress: 100, error: '' });
    const path = await download(video.id);
    const facts = await probe(inject('ffprobe'), path);
    const plain = await probe(inject('ffprobe'), await download((await end((await talk({})).id)).id));
    expect(facts.video).toEqual(plain.video);
    expect(facts.audio).toEqual(plain.audio);
    expect(Math.abs(plain.duration - spoken)).toBeLessThanOrEqual(1 / 25 + 0.03);
    expect(Math.abs(facts.duration - plain.duration - clipSeconds)).toBeLessThanOrEqual(0.1);
    expect(video.seconds).toBe(String(Math.floor(facts.duration)));
    const [[red, green] = [], edge] = await colours(path, 0.5);
    expect(red).toBeGreaterThan(200);
    expect(green).toBeLessThan(60);
    // The clip is narrower than the video: black beside it, not stretched.
    expect(Math.max(...edge!)).toBeLessThan(40);
    const [[speakerRed] = []] = await colours(path, clipSeconds + 0.5);
    expect(speakerRed).not.toBe(red);
  });

  it('is an extra field of the unmodified SDK as well, and false means none', async () => {
    const fields = { prompt: 'waves', seconds: '1', size, logo_video: true };
    const created = await sdk.videos.create(fields as unknown as OpenAI.VideoCreateParams);
    expect((await end(created.id)).status).toBe('completed');
    expect(await durationOf(inject('ffprobe'), await download(created.id))).toBeCloseTo(1 + clipSeconds, 0);
    const without = await end((await talk({ logo_video: 'False' })).id);
    expect(without.seconds).toBe(String(Math.floor(spoken)));
  });

  it('is in the spritesheet too, which is removed with the video', async () => {
    const sheet = await fetch(`${platform.baseUrl}/v1/videos/${video.id}/content?variant=spritesheet`);
    expect(sheet.status).toBe(200);
    const sheets = async () =>
      (await filesBelow(join(platform.dataDir, 's3/polyreel/results'))).filter((path) =>
        path.endsWith('spritesheet.jpg'),
      );
    expect(await sheets()).toHaveLength(1);
    await client.request('DELETE', `/v1/videos/${video.id}`);
    expect(await sheets()).toEqual([]);
  });
});

it('expires_at is null where results are kept for ever', async () => {
  const { data } = await sdk.videos.list({ limit: 1 });
  expect(data[0]).toMatchObject({ status: 'completed', expires_at: null });
});

it('queue_length counts the job that runs and those queued before; the SDK pages through all of them', async () => {
  const long = join(folder, 'long.wav');
  await writeTone(long, 300);
  const running = await talk({}, long);
  await client.pollUntil(running.id, ['processing']);
  const waiting: VideoReply[] = [];
  for (let count = 0; count < 4; count++) waiting.push(await talk({}, long));
  expect(waiting.map(({ queue_length }) => queue_length)).toEqual([1, 2, 3, 4]);
  expect((await client.status(running.id)).queue_length).toBe(0);

  const own = [running, ...waiting].map(({ id }) => id);
  const listed: string[] = [];
  listRequests.length = 0;
  for await (const { id } of sdk.videos.list({ limit: 3 })) listed.push(id);
  const all = (await sdk.videos.list({ limit: 100 })).data.map(({ id }) => id);
  // Three pages at least, each once, nothing twice and nothing left out.
  expect(listed).toEqual(all);
  expect(listed.slice(0, 5)).toEqual([...own].reverse());
  expect(listRequests.length - 1).toBe(Math.ceil(all.length / 3));
  expect(listRequests.length - 1).toBeGreaterThanOrEqual(3);
  for (const id of own.reverse()) await sdk.videos.delete(id);
});
