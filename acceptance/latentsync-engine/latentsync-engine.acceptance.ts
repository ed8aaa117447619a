import { execFile } from 'node:child_process';
import { cp } from 'node:fs/promises';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { EngineProcess, SETUP_MILLISECONDS, writeLatentSync } from '../platform/engine-process.js';
import { startMediaServer } from '../platform/media-server.js';
import { probeContent, writeTone } from '../platform/media.js';
import { Platform } from '../platform/platform.js';
import { poll } from '../platform/poll.js';
import { temporaryFolder } from '../platform/temporary-folder.js';

/*
 * The whole platform around a real LatentSync engine, two processes that share the chunks, started by torchrun. It looks
 * for the face of real footage. Its weights are tiny and random, so the mouths are noise, but every step from the request
 * to the files is the one that real weights take.
 */
const run = promisify(execFile);

const SIDE = 384;
const RATE = 16_000;

/** The sound track ends with a whole frame of AAC, and begins with one that only starts the decoder. */
const SOUND_FRAMES = 2048 / RATE;

interface TaskReply {
  readonly status: string;
  readonly message: string;
  readonly progress: number;
  readonly output_video_url: string | null;
  readonly output_mask_url: string | null;
}

const folder = await temporaryFolder();
let engine: EngineProcess;
let platform: Platform;
let media: { url: string; server: Server };

beforeAll(async () => {
  media = await startMediaServer(folder);
  const [weights] = await Promise.all([
    writeLatentSync(join(folder, 'weights')),
    cp(join(inject('samples'), 'portrait.mp4'), join(folder, 'portrait.mp4')),
    writeTone(join(folder, 'speech.wav'), 1),
    writeTone(join(folder, 'long.wav'), 4),
    writePattern(join(folder, 'faceless.mp4'), '320x240'),
    writePattern(join(folder, 'small.mp4'), '48x48'),
  ]);
  engine = await EngineProcess.start('latentsync', folder, [...weights, '--batch', '1'], 2);
  platform = await Platform.start({
    ENGINES: engine.address,
    MODEL_LIPSYNC: 'latentsync-1.6',
    FETCH_ALLOW_HOSTS: new URL(media.url).host,
  });
}, SETUP_MILLISECONDS);
afterAll(async () => {
  await platform.stop();
  media.server.closeAllConnections();
  media.server.close();
  await engine.stop();
  expect(engine.completeEnds, engine.log.join('\n')).toBe(2);
});

/** Two seconds of a test pattern. */
async function writePattern(path: string, size: string): Promise<void> {
  const source = ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=25:duration=2`];
  await run(inject('ffmpeg'), ['-v', 'error', ...source, '-pix_fmt', 'yuv420p', path]);
}

async function create(fields: Record<string, unknown> = {}): Promise<string> {
  const body = {
    video_url: `${media.url}/portrait.mp4?a=1&b='x y'`,
    audio_url: `${media.url}/speech.wav`,
    inference_steps: 1,
    ...fields,
  };
  const response = await fetch(`${platform.baseUrl}/sync`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const reply = (await response.json()) as { task_id: string };
  expect(response.status, JSON.stringify(reply)).toBe(200);
  return reply.task_id;
}

async function state(id: string): Promise<TaskReply> {
  const headers = { 'accept-language': 'en' };
  return (await (await fetch(`${platform.baseUrl}/task/${id}`, { headers })).json()) as TaskReply;
}

const ended = ({ status }: TaskReply) => ['completed', 'failed'].includes(status);

async function end(id: string): Promise<TaskReply[]> {
  return poll(() => state(id), ended);
}

async function completed(id: string): Promise<TaskReply> {
  const last = (await end(id)).at(-1)!;
  expect(last, engine.log.slice(-5).join('\n')).toMatchObject({ status: 'completed', progress: 1 });
  return last;
}

async function contentOf(url: string | null): Promise<Buffer> {
  const response = await fetch(`${platform.baseUrl}${url}`);
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
}

const picture = { codec: 'h264', pixelFormat: 'yuv420p', width: SIDE, height: SIDE, fps: 25 };

describe('a lip-sync', () => {
  let answers: TaskReply[];
  let result: Buffer;

  beforeAll(async () => {
    answers = await end(await create());
    result = await contentOf(answers.at(-1)!.output_video_url);
  });

  it('goes through the documented words with rising progress', () => {
    for (const { status } of answers)
      expect(['queued', 'downloading', 'processing', 'completed']).toContain(status);
    const progress = answers.map((answer) => answer.progress);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(answers.at(-1)!.message).toBe('Completed');
  });

  it('gives the video with the speech, as long as that', async () => {
    const facts = await probeContent(inject('ffprobe'), folder, result);
    expect(facts).toMatchObject({ video: picture, audio: { codec: 'aac', sampleRate: RATE } });
    expect(facts.duration).toBeGreaterThanOrEqual(1);
    expect(facts.duration).toBeLessThanOrEqual(1 + SOUND_FRAMES);
  });

  it('gives the mask video, without sound', async () => {
    const mask = await contentOf(answers.at(-1)!.output_mask_url);
    const facts = await probeContent(inject('ffprobe'), folder, mask);
    expect(facts).toMatchObject({ video: picture, audio: undefined });
    expect(facts.duration).toBeCloseTo(1, 2);
    expect(mask.equals(result)).toBe(false);
  });

  it('is the same file for the same seed, and another one for other fields', async () => {
    expect((await contentOf((await completed(await create())).output_video_url)).equals(result)).toBe(true);
    for (const change of [{ seed: 7 }, { guidance_scale: 1.5 }, { inference_steps: 2 }]) {
      const other = await completed(await create(change));
      expect((await contentOf(other.output_video_url)).equals(result), JSON.stringify(change)).toBe(false);
    }
  });
});

it('runs the footage to and fro when the speech is longer, and two tasks do not meet', async () => {
  const [long, short] = [await create({ audio_url: `${media.url}/long.wav` }), await create()];
  const facts = await Promise.all(
    [long, short].map(async (id) =>
      probeContent(inject('ffprobe'), folder, await contentOf((await completed(id)).output_video_url)),
    ),
  );
  expect(facts[0]!.duration).toBeGreaterThanOrEqual(4);
  expect(facts[0]!.duration).toBeLessThanOrEqual(4 + SOUND_FRAMES);
  expect(facts[1]!.duration).toBeLessThanOrEqual(1 + SOUND_FRAMES);
});

describe('a task that cannot be', () => {
  it.each([
    ['a video without a face', 'faceless.mp4', 'No face was found'],
    ['a video too small for a face', 'small.mp4', '48x48 pixels'],
  ])('fails with the reason: %s', async (_name, video, reason) => {
    const last = (await end(await create({ video_url: `${media.url}/${video}` }))).at(-1)!;
    expect(last).toMatchObject({ status: 'failed', output_video_url: null, output_mask_url: null });
    expect(last.message).toContain(reason);
  });
});
