import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { durationOf, probe } from '../platform/media.js';
import { temporaryFolder } from '../platform/temporary-folder.js';
import { videoFields, VideosClient, type VideoReply } from './videos-client.js';

const run = promisify(execFile);
const baseUrl = inject('baseUrl');
const samples = inject('samples');
const client = new VideosClient(baseUrl);

/** Our samples under the names the document prints, so that its lines need no other change than the host. */
const exampleFiles = {
  'examples/single/ref_image.png': 'portrait.jpg',
  'examples/single/ref_video.mp4': 'portrait.mp4',
  'examples/single/1.wav': 'speech-second.wav',
  'examples/multi/ref_img.png': 'two-people.jpg',
  'examples/multi/1-man.WAV': 'speech.wav',
  'examples/multi/1-woman.WAV': 'speech-second.wav',
};

const folder = await temporaryFolder();
beforeAll(async () => {
  for (const directory of ['single', 'multi'])
    await mkdir(join(folder, 'examples', directory), { recursive: true });
  for (const [name, sample] of Object.entries(exampleFiles))
    await cp(join(samples, sample), join(folder, name));
});

/** curl with the arguments as the document prints them, run beside its examples folder. */
async function curl(...args: string[]): Promise<string> {
  return (await run('curl', ['-sS', ...args], { cwd: folder })).stdout;
}

async function createByCurl(...args: string[]): Promise<VideoReply> {
  const header = ['-H', 'Content-Type: multipart/form-data'];
  return JSON.parse(await curl('-X', 'POST', `${baseUrl}/v1/videos`, ...header, ...args)) as VideoReply;
}

const sampleSeconds = (name: string) => durationOf(inject('ffprobe'), join(samples, name));

describe('examples 1 and 4: prompt, audio and image, then status and download', () => {
  let created: VideoReply;
  let answers: VideoReply[];
  let seconds: number;

  beforeAll(async () => {
    seconds = await sampleSeconds('speech-second.wav');
    created = await createByCurl(
      ...['-F', 'prompt=一个女人在录音棚里对着专业麦克风热情地唱歌...'],
      ...['-F', 'input_reference=@examples/single/ref_image.png'],
      ...['-F', 'audio=@examples/single/1.wav'],
    );
    answers = await client.pollUntil(created.id, ['completed', 'error']);
  });

  it('is created with the fields, order and types of the original', () => {
    expect(Object.keys(created)).toEqual(videoFields);
    expect(created.id).toMatch(/^video_\d{10}_\d{19,}$/);
    expect(created).toMatchObject({
      object: 'video',
      model: 'preview',
      status: 'queued',
      progress: 0,
      duration: 0,
      seconds: String(Math.floor(seconds)),
      error: '',
    });
    for (const name of ['created_at', 'estimated_time', 'queue_length'] as const)
      expect(created[name]).toSatisfy(Number.isInteger);
    expect(created.estimated_time).toBeGreaterThan(0);
    expect(Math.abs(created.created_at - Date.now() / 1000)).toBeLessThan(300);
  });

  it('goes through the documented words, and its progress never falls and is 100 only at the end', () => {
    const words = answers.map(({ status }) => status);
    const order = ['queued', 'processing', 'completed'];
    expect(words).toEqual([...words].sort((a, b) => order.indexOf(a) - order.indexOf(b)));
    const progress = answers.map((answer) => answer.progress);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(progress.slice(0, -1).every((value) => Number.isInteger(value) && value < 100)).toBe(true);
    const last = answers.at(-1)!;
    expect(Object.keys(last)).toEqual(videoFields);
    expect(last).toMatchObject({
      status: 'completed',
      progress: 100,
      estimated_time: 0,
      queue_length: 0,
      seconds: created.seconds,
      error: '',
    });
    expect(last.duration).toBeGreaterThanOrEqual(1);
    expect(last.duration).toSatisfy(Number.isInteger);
  });

  it('is downloaded by curl without following redirects: H.264 and AAC, as long as the speech', async () => {
    expect(JSON.parse(await curl(`${baseUrl}/v1/videos/${created.id}`))).toMatchObject({
      status: 'completed',
    });
    await curl(`${baseUrl}/v1/videos/${created.id}/content`, '-o', 'video.mp4');
    const facts = await probe(inject('ffprobe'), join(folder, 'video.mp4'));
    expect(facts).toMatchObject({
      video: { codec: 'h264', pixelFormat: 'yuv420p' },
      audio: { codec: 'aac' },
    });
    expect(Math.abs(facts.duration - seconds)).toBeLessThanOrEqual(1 / 25 + 0.03);
  });

  it('is streamed with ranges, HEAD, validators and the name of the original', async () => {
    const url = `${baseUrl}/v1/videos/${created.id}/content`;
    const whole = Buffer.from(await (await fetch(url)).arrayBuffer());
    const head = await fetch(url, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), head.headers.get('content-type')]).toEqual([
      200,
      String(whole.length),
      'video/mp4',
    ]);
    expect(head.headers.get('content-disposition')).toBe(`attachment; filename="${created.id}.mp4"`);
    expect(head.headers.get('last-modified')).toBeTruthy();
    const part = await fetch(url, { headers: { range: 'bytes=10-19' } });
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 10-19/${whole.length}`]);
    expect(Buffer.from(await part.arrayBuffer())).toEqual(whole.subarray(10, 20));
    const outside = await fetch(url, { headers: { range: `bytes=${whole.length}-` } });
    expect([outside.status, await outside.json()]).toEqual([
      416,
      { error: { message: expect.any(String) as string, code: '416' } },
    ]);
    const same = await fetch(url, { headers: { 'if-none-match': head.headers.get('etag')! } });
    expect(same.status).toBe(304);
  });

  it('has a thumbnail, a spritesheet of 5 x 4 pictures that is made once, and no other variant', async () => {
    const url = `${baseUrl}/v1/videos/${created.id}/content`;
    const poster = await fetch(`${url}?variant=thumbnail`);
    expect([poster.status, poster.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
    expect(Buffer.from(await poster.arrayBuffer()).subarray(0, 2)).toEqual(Buffer.from([0xff, 0xd8]));
    const sheets = await Promise.all([1, 2].map(() => fetch(`${url}?variant=spritesheet`)));
    const again = await fetch(`${url}?variant=spritesheet`, { method: 'HEAD' });
    for (const { status, headers } of [...sheets, again]) {
      expect([status, headers.get('content-type')]).toEqual([200, 'image/jpeg']);
      expect(headers.get('last-modified')).toBe(again.headers.get('last-modified'));
      expect(headers.get('content-disposition')).toContain(`filename="${created.id}-spritesheet.jpg"`);
    }
    const [jpeg] = await Promise.all(sheets.map((sheet) => sheet.arrayBuffer()));
    await writeFile(join(folder, 'sheet.jpg'), Buffer.from(jpeg!));
    const sheet = (await probe(inject('ffprobe'), join(folder, 'sheet.jpg'))).video!;
    const video = (await probe(inject('ffprobe'), join(folder, 'video.mp4'))).video!;
    const longest = Math.max(sheet.width / 5, sheet.height / 4);
    expect(longest).toBe(Math.min(240, Math.max(video.width, video.height)));
    expect(sheet.width / 5 / (sheet.height / 4)).toBeCloseTo(video.width / video.height, 1);
    expect((await fetch(`${url}?variant=audio`)).status).toBe(400);
  });

  it('is deleted as in example 5: the job object with status deleted, then 404 everywhere, its file included', async () => {
    const sdk = new VideosClient(baseUrl, { 'x-stainless-lang': 'js' });
    const { url } = (await sdk.request('GET', `/v1/videos/${created.id}`)).body as { url: string };
    expect((await fetch(url)).status).toBe(200);
    const removed = JSON.parse(
      await curl('-X', 'DELETE', `${baseUrl}/v1/videos/${created.id}`),
    ) as VideoReply;
    expect(Object.keys(removed)).toEqual(videoFields);
    expect(removed).toMatchObject({ id: created.id, status: 'deleted', estimated_time: 0, error: '' });
    const gone = { error: { message: `Video with id ${created.id} not found.`, code: '404' } };
    for (const [method, path] of [
      ['GET', ''],
      ['GET', '/content'],
      ['DELETE', ''],
    ] as const)
      expect(await client.request(method, `/v1/videos/${created.id}${path}`)).toMatchObject({
        status: 404,
        body: gone,
      });
    expect((await fetch(url)).status).toBe(404);
  });
});

it('example 2: prompt, audio and video', async () => {
  const created = await createByCurl(
    ...['-F', 'prompt=一个男人在说话'],
    ...['-F', 'input_reference=@examples/single/ref_video.mp4'],
    ...['-F', 'audio=@examples/single/1.wav'],
  );
  expect((await client.pollUntil(created.id, ['completed', 'error'])).at(-1)).toMatchObject({
    status: 'completed',
    error: '',
  });
});

it('example 3: two audios at the same time, as long as the longer one', async () => {
  const created = await createByCurl(
    ...['-F', 'prompt=在一个轻松、亲密的环境中，一个男人和一个女人正在进行一场真诚的对话...'],
    ...['-F', 'input_reference=@examples/multi/ref_img.png'],
    ...['-F', 'audio_type=para'],
    ...['-F', 'audio[]=@examples/multi/1-man.WAV'],
    ...['-F', 'audio[]=@examples/multi/1-woman.WAV'],
  );
  const longer = Math.max(await sampleSeconds('speech.wav'), await sampleSeconds('speech-second.wav'));
  expect(created.seconds).toBe(String(Math.floor(longer)));
  expect((await client.pollUntil(created.id, ['completed', 'error'])).at(-1)?.status).toBe('completed');
  await curl(`${baseUrl}/v1/videos/${created.id}/content`, '-o', 'para.mp4');
  const { duration } = await probe(inject('ffprobe'), join(folder, 'para.mp4'));
  expect(Math.abs(duration - longer)).toBeLessThanOrEqual(1 / 25 + 0.03);
  expect((await readFile(join(folder, 'para.mp4'))).subarray(4, 8).toString()).toBe('ftyp');
});

describe('the rest of the original service', () => {
  it('health_check and statistics have the documented shapes', async () => {
    const health = await client.request('GET', '/v1/health_check');
    expect([health.status, Object.keys(health.body as object)]).toEqual([
      200,
      ['Service Title', 'Version', 'Service Description'],
    ]);
    const { body } = await client.request('GET', '/v1/statistics');
    expect(Object.keys((body as Record<string, object>)['opea_service@text2video']!)).toEqual([
      'p50_latency',
      'p99_latency',
      'average_latency',
      'p50_latency_first_token',
      'p99_latency_first_token',
      'average_latency_first_token',
    ]);
  });
});
