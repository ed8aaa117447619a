import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { form, LightX2VClient, type StatusReply } from '../lightx2v/lightx2v-client.js';
import { probe } from '../platform/media.js';
import { Platform } from '../platform/platform.js';
import { EngineProcess, SETUP_MILLISECONDS, writeCheckpoint } from '../platform/engine-process.js';
import { temporaryFolder } from '../platform/temporary-folder.js';

/*
 * The whole platform around a real Wan engine. Its weights are tiny and random, so the videos are noise, but every
 * step from the request to the file is the one that real weights take.
 */
const portrait = join(inject('samples'), 'portrait.jpg');

/** The fields of the documented requests, in a length and size a CPU makes in seconds. */
const documented = {
  prompt: 'A white cat sitting by the beach under sunset sky',
  negative_prompt: 'blurry, low quality, static',
  num_fragments: 1,
  infer_steps: 4,
  video_duration: 0.5,
  seed: 42,
  height: 64,
  width: 96,
};

const folder = await temporaryFolder();
let engine: EngineProcess;
let platform: Platform;
let client: LightX2VClient;

beforeAll(async () => {
  const [text, image] = [join(folder, 'text'), join(folder, 'image')];
  await Promise.all([writeCheckpoint('t2v', 'original', text), writeCheckpoint('i2v', 'diffusers', image)]);
  engine = await EngineProcess.start('wan', folder, [
    '--model',
    `wan-t2v=${text}`,
    '--model',
    `wan-i2v=${image}`,
  ]);
  platform = await Platform.start({ ENGINES: engine.address, MODEL_T2V: 'wan-t2v', MODEL_I2V: 'wan-i2v' });
  client = new LightX2VClient(platform.baseUrl);
}, SETUP_MILLISECONDS);
afterAll(async () => {
  await platform.stop();
  expect(await engine.stop(), engine.log.join('\n')).toBe(0);
});

const end = ['succeed', 'failed'];

async function made(body: unknown, path?: string): Promise<StatusReply> {
  const id = await client.create(body, path);
  const last = (await client.pollUntil(id, end)).at(-1)!;
  expect(last, engine.log.slice(-5).join('\n')).toMatchObject({ status: 'succeed', progress: 1 });
  return last;
}

async function videoOf({ task_id, result_url }: StatusReply): Promise<{ path: string; bytes: Buffer }> {
  const response = await fetch(result_url!);
  expect(response.status).toBe(200);
  const bytes = Buffer.from(await response.arrayBuffer());
  const path = join(folder, `${task_id}.mp4`);
  await writeFile(path, bytes);
  return { path, bytes };
}

async function expectVideo(path: string, frames: number): Promise<void> {
  const facts = await probe(inject('ffprobe'), path);
  expect(facts).toMatchObject({
    audio: undefined,
    video: { codec: 'h264', pixelFormat: 'yuv420p', width: 96, height: 64, fps: 16 },
  });
  expect(Math.round(facts.duration * 16)).toBe(frames);
}

describe('text to video', () => {
  it('goes through the documented words with rising progress, to an MP4 of 4n+1 frames', async () => {
    const reply = await client.request('POST', '/tasks/video', { ...documented, video_duration: 1 });
    expect(reply).toMatchObject({ status: 200, body: { status: 'submitted' } });
    const { task_id: id } = reply.body as { task_id: string };
    const answers = await client.pollUntil(id, end);
    for (const { status } of answers) expect(['submitted', 'running', 'succeed']).toContain(status);
    const progress = answers.map((answer) => answer.progress);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(answers.at(-1)).toMatchObject({
      status: 'succeed',
      progress: 1,
      message: 'The video has 17 frames: the model makes 4n+1.',
    });
    await expectVideo((await videoOf(answers.at(-1)!)).path, 17);
  });

  it('makes the same file of the same seed and words, and another one of others', async () => {
    const first = await videoOf(await made(documented));
    const again = await videoOf(await made(documented));
    expect(again.bytes.equals(first.bytes)).toBe(true);
    for (const change of [{ seed: 43 }, { negative_prompt: 'sand' }]) {
      const other = await videoOf(await made({ ...documented, ...change }));
      expect(other.bytes.equals(first.bytes)).toBe(false);
    }
  });
});

describe('image to video', () => {
  it('takes the picture by form, as documented', async () => {
    const fields = Object.entries(documented).map(([name, value]) => [name, String(value)] as const);
    const body = await form(Object.fromEntries(fields), { image_file: portrait });
    await expectVideo((await videoOf(await made(body, '/tasks/video/form'))).path, 9);
  });

  it('takes the picture in JSON, and joins fragments without repeating a frame', async () => {
    const image_path = `data:image/jpeg;base64,${(await readFile(portrait)).toString('base64')}`;
    const last = await made({ ...documented, image_path, num_fragments: 2, num_frames: 5 });
    expect(last.message).toBe('2 fragments are joined to 9 frames.');
    await expectVideo((await videoOf(last)).path, 9);
  });
});

describe('a job that ends early', () => {
  it('stops at its next step when it is cancelled, and the engine takes the next job', async () => {
    const id = await client.create({ ...documented, infer_steps: 100, video_duration: 5 });
    await client.pollUntil(id, ['running']);
    expect((await client.request('DELETE', `/tasks/${id}`)).status).toBe(200);
    const last = (await client.pollUntil(id, end)).at(-1)!;
    expect(last).toMatchObject({ status: 'failed', task_status: 'cancelled', result_url: null });
    await made({ ...documented, num_frames: 1, infer_steps: 1 });
  });

  it('is refused at once when a parameter is out of its range', async () => {
    const reply = await client.request('POST', '/tasks/video', { ...documented, num_fragments: 2 });
    expect(reply.status).toBe(400);
    expect(JSON.stringify(reply.body)).toContain('num_fragments must be at most 1');
  });

  it.each([
    ['a size that is no multiple of 16', { width: 168 }, 'multiple of 16; the nearest are 160 and 176'],
    [
      'a negative prompt without guidance',
      { text_guide_scale: 1 },
      'acts only with a guidance_scale above 1',
    ],
    ['more frames than a fragment may have', { video_duration: 30 }, 'at most 241'],
  ])('fails with the reason: %s', async (_name, change, reason) => {
    const id = await client.create({ ...documented, ...change });
    const last = (await client.pollUntil(id, end)).at(-1)!;
    expect(last).toMatchObject({ status: 'failed', error_type: 'ValueError' });
    expect(last.error).toContain(reason);
  });
});
