import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { durationOf, probe } from '../platform/media.js';
import { temporaryFolder } from '../platform/temporary-folder.js';
import { documentedRequests } from './documented-requests.js';
import { RunpodClient, type JobReply } from './runpod-client.js';

const samples = inject('samples');
const ffprobe = inject('ffprobe');
const client = new RunpodClient(inject('baseUrl'), 'infinitetalk');
const requests = documentedRequests(
  (file) => `${inject('mediaServer')}/${file}`,
  (mediaType, file) => `data:${mediaType};base64,${readFileSync(join(samples, file)).toString('base64')}`,
);

/** Seconds of a frame, and of the rounding of a container. */
const FRAME = 1 / 25 + 0.01;

const folder = await temporaryFolder();

async function saved(content: Buffer): Promise<string> {
  const path = join(folder, `${crypto.randomUUID()}.mp4`);
  await writeFile(path, content);
  return path;
}

function expectHonestProgress(replies: readonly JobReply[]): void {
  const running = replies.filter(({ status }) => status === 'IN_PROGRESS');
  const values = running.map(({ output }) => output?.progress as number);
  expect(values).toEqual([...values].sort((a, b) => a - b));
  for (const value of values) expect(value).toBeLessThan(1);
}

describe('request bodies of the document', () => {
  it.each(requests)('$name', async ({ body, speeches }) => {
    const size = { width: body.input.width, height: body.input.height };
    const created = await client.ok('POST', '/run', body);
    expect(created).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-u1$/) as string,
      status: 'IN_QUEUE',
    });
    const replies = await client.completed(created.id);
    expectHonestProgress(replies);
    const done = replies.at(-1)!;
    expect(done).toMatchObject({
      id: created.id,
      status: 'COMPLETED',
      delayTime: expect.any(Number) as number,
      executionTime: expect.any(Number) as number,
    });
    const output = done.output as Record<'video' | 'video_base64' | 'video_url', string>;
    expect(output.video).toBe(`data:video/mp4;base64,${output.video_base64}`);
    const content = Buffer.from(output.video_base64, 'base64');
    const download = await fetch(output.video_url);
    expect(download.status).toBe(200);
    expect(Buffer.from(await download.arrayBuffer()).equals(content)).toBe(true);
    const facts = await probe(ffprobe, await saved(content));
    expect(facts).toMatchObject({
      video: { codec: 'h264', pixelFormat: 'yuv420p', ...size },
      audio: { codec: 'aac' },
    });
    const seconds = await Promise.all(speeches.map((file) => durationOf(ffprobe, join(samples, file))));
    expect(Math.abs(facts.duration - Math.max(...seconds))).toBeLessThanOrEqual(FRAME);
    expect(done.output).toMatchObject({ ...size, size_bytes: content.length });
  });
});

describe('documented defaults', () => {
  it('makes a video of the examples out of an empty input', async () => {
    const done = await client.ok('POST', '/runsync?wait=240000', { input: {} });
    expect(done.id).toMatch(/^sync-[0-9a-f-]{36}-u1$/);
    expect(done).toMatchObject({ status: 'COMPLETED', output: { width: 512, height: 512 } });
    const speech = await durationOf(ffprobe, join(samples, 'speech.wav'));
    expect(Math.abs((done.output?.duration as number) - speech)).toBeLessThanOrEqual(FRAME);
  });

  it('puts the result into the volume, where it can be an input again', async () => {
    const small = { width: 128, height: 128, max_frame: 25 };
    const body = { input: { ...small, network_volume: true } };
    const first = await client.ok('POST', '/runsync?wait=240000', body);
    expect(first).toMatchObject({
      status: 'COMPLETED',
      output: { video_path: `/runpod-volume/results/${first.id}.mp4` },
    });
    expect(first.output).not.toHaveProperty('video');
    const onDisk = join(inject('volumeDir'), 'results', `${first.id}.mp4`);
    expect(await probe(ffprobe, onDisk)).toMatchObject({ video: { codec: 'h264', width: 128 } });
    const again = { input: { ...small, input_type: 'video', video_path: first.output?.video_path } };
    expect(await client.ok('POST', '/runsync?wait=240000', again)).toMatchObject({ status: 'COMPLETED' });
  });
});

describe('the other kinds', () => {
  const url = (file: string) => `${inject('mediaServer')}/${file}`;
  it.each([
    ['wan-t2v', { prompt: 'a sunset over the sea', size: '128*96', num_frames: 25, seed: 7 }, 1, undefined],
    ['wan-i2v', { image: url('portrait.jpg'), width: 128, height: 128, duration: 1, fps: 10 }, 1, undefined],
    [
      'latentsync',
      { video_url: url('portrait.mp4'), audio: url('speech-second.wav'), width: 128, height: 128 },
      undefined,
      'aac',
    ],
  ])('%s', async (endpoint, input, seconds, sound) => {
    const other = new RunpodClient(inject('baseUrl'), endpoint);
    const id = await other.run(input);
    const done = (await other.completed(id)).at(-1)!;
    const content = Buffer.from(done.output?.video_base64 as string, 'base64');
    const facts = await probe(ffprobe, await saved(content));
    const expected = seconds ?? (await durationOf(ffprobe, join(samples, 'speech-second.wav')));
    expect(Math.abs(facts.duration - expected)).toBeLessThanOrEqual(0.1);
    expect(facts.audio?.codec).toBe(sound);
  });
});
