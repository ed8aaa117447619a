import { execFile } from 'node:child_process';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { durationOf, probe } from '../platform/media.js';
import { temporaryFolder } from '../platform/temporary-folder.js';
import { form, LightX2VClient, type StatusReply } from './lightx2v-client.js';

const run = promisify(execFile);
const baseUrl = inject('baseUrl');
const samples = inject('samples');
const client = new LightX2VClient(baseUrl);
const portrait = join(samples, 'portrait.jpg');
const speech = join(samples, 'speech.wav');

const folder = await temporaryFolder();

describe('a talking video by form', () => {
  let id: string;
  let created: Record<string, unknown>;
  let answers: StatusReply[];

  beforeAll(async () => {
    const body = await form(
      { prompt: 'a person is talking', infer_steps: '40', seed: '42', width: '256', height: '256' },
      { image_file: portrait, audio_file: speech },
    );
    const reply = await client.request('POST', '/tasks/video/form', body);
    expect(reply.status).toBe(200);
    created = reply.body as Record<string, unknown>;
    id = created.task_id as string;
    answers = await client.pollUntil(id, ['completed', 'failed', 'cancelled']);
  });

  it('is created with the words of both documents', () => {
    expect(id).toMatch(/^[A-Z\d]{4}(-[A-Z\d]{4}){4}$/);
    expect(created).toMatchObject({ task_status: 'pending', status: 'submitted', save_result_path: id });
    expect(created.message).toEqual(expect.any(String));
  });

  it('goes through the documented words, and its progress never falls', () => {
    const last = answers.at(-1)!;
    expect(last).toMatchObject({
      task_id: id,
      status: 'completed',
      task_status: 'completed',
      progress: 1,
      error: null,
      error_type: '',
      save_result_path: `${id}.mp4`,
    });
    expect(last.start_time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/);
    expect(last.end_time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/);
    for (const answer of answers) expect(['pending', 'processing', 'completed']).toContain(answer.status);
    const progress = answers.map((answer) => answer.progress);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(answers.slice(0, -1).every((answer) => answer.progress < 1)).toBe(true);
  });

  it('is H.264 and AAC, as long as the speech, in the size asked for', async () => {
    const file = join(folder, 'result.mp4');
    await run('curl', ['-sSf', '-L', `${baseUrl}/v1/tasks/${id}/result`, '-o', file]);
    const facts = await probe(inject('ffprobe'), file);
    expect(facts.video).toMatchObject({
      codec: 'h264',
      pixelFormat: 'yuv420p',
      width: 256,
      height: 256,
      fps: 25,
    });
    expect(facts.audio).toEqual({
      codec: 'aac',
      sampleRate: (await probe(inject('ffprobe'), speech)).audio?.sampleRate,
    });
    expect(Math.abs(facts.duration - (await durationOf(inject('ffprobe'), speech)))).toBeLessThanOrEqual(
      1 / 25 + 0.03,
    );
  });

  it('can be downloaded by every path a client may hold', async () => {
    const { size } = await stat(join(folder, 'result.mp4'));
    for (const path of [`${id}.mp4`, `outputs/videos/${id}.mp4`, id]) {
      const response = await fetch(`${baseUrl}/v1/files/download/${path}`);
      expect([response.status, (await response.arrayBuffer()).byteLength]).toEqual([200, size]);
    }
    const link = answers.at(-1)!.result_url!;
    expect((await (await fetch(link)).arrayBuffer()).byteLength).toBe(size);
    const forged = link.replace(/Signature=(.)/, (_all, first) => `Signature=${first === '0' ? '1' : '0'}`);
    expect((await fetch(forged)).status).toBeGreaterThanOrEqual(400);
  });

  it('is streamed with ranges, HEAD and validators', async () => {
    const url = `${baseUrl}/v1/tasks/${id}/result`;
    const whole = Buffer.from(await (await fetch(url)).arrayBuffer());
    const head = await fetch(url, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(whole.length)]);
    const part = await fetch(url, { headers: { range: 'bytes=10-19' } });
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 10-19/${whole.length}`]);
    expect(Buffer.from(await part.arrayBuffer())).toEqual(whole.subarray(10, 20));
    const tail = await fetch(url, { headers: { range: 'bytes=-5' } });
    expect(Buffer.from(await tail.arrayBuffer())).toEqual(whole.subarray(-5));
    const outside = await fetch(url, { headers: { range: `bytes=${whole.length}-` } });
    expect([outside.status, outside.headers.get('content-range')]).toEqual([416, `bytes */${whole.length}`]);
    const same = await fetch(url, { headers: { 'if-none-match': head.headers.get('etag')! } });
    expect(same.status).toBe(304);
  });
});

describe('the documents, as printed', () => {
  it("seed 000's JSON call: image and audio by path on the volume", async () => {
    const { stdout } = await run('curl', [
      ...['-sS', '-X', 'POST', `${baseUrl}/v1/tasks/video`, '-H', 'Content-Type: application/json', '-d'],
      `{
    "prompt": "a person is talking",
    "image_path": "examples/portrait.mp4",
    "audio_path": "examples/speech.wav",
    "infer_steps": 40,
    "target_video_length": 1000,
    "seed": 42,
    "size": "infinitetalk-480"
  }`,
    ]);
    const { task_id } = JSON.parse(stdout) as { task_id: string };
    expect(task_id, stdout).toEqual(expect.any(String));
    expect((await client.pollUntil(task_id, ['completed', 'failed', 'cancelled'])).at(-1)?.status).toBe(
      'completed',
    );
    const file = join(folder, 'seed-000.mp4');
    await run('curl', ['-sSf', '-L', `${baseUrl}/v1/tasks/${task_id}/result`, '-o', file]);
    expect((await probe(inject('ffprobe'), file)).audio?.codec).toBe('aac');
  });

  it("seed 004's text to video, polled for its own words and downloaded without following redirects", async () => {
    const { stdout } = await run('curl', [
      ...['-sS', '-X', 'POST', `${baseUrl}/v1/tasks/video`, '-H', 'Content-Type: application/json', '-d'],
      `{
    "prompt": "A white cat sitting by the beach under sunset sky",
    "negative_prompt": "blurry, low quality, static",
    "num_fragments": 1,
    "infer_steps": 4,
    "video_duration": 2,
    "seed": 42,
    "height": 240,
    "width": 416
  }`,
    ]);
    const { task_id, status } = JSON.parse(stdout) as { task_id: string; status: string };
    expect(status).toBe('submitted');
    const answers = await client.pollUntil(task_id, ['succeed', 'failed']);
    expect(answers.at(-1)).toMatchObject({ status: 'succeed', task_status: 'completed', progress: 1 });
    const file = join(folder, 'seed-004.mp4');
    await run('curl', ['-sSf', `${baseUrl}/v1/files/download/outputs/videos/${task_id}.mp4`, '-o', file]);
    const facts = await probe(inject('ffprobe'), file);
    expect(facts).toMatchObject({ video: { codec: 'h264', width: 416, height: 240 }, audio: undefined });
    expect(Math.abs(facts.duration - 2)).toBeLessThan(0.1);
  });

  it("seed 004's image to video by form", async () => {
    const { stdout } = await run('curl', [
      ...['-sS', '-X', 'POST', `${baseUrl}/v1/tasks/video/form`],
      ...['-F', 'prompt=A cat walking on the beach', '-F', `image_file=@${portrait}`],
      ...[
        '-F',
        'infer_steps=4',
        '-F',
        'video_duration=1',
        '-F',
        'seed=42',
        '-F',
        'height=256',
        '-F',
        'width=256',
      ],
    ]);
    const { task_id } = JSON.parse(stdout) as { task_id: string };
    expect((await client.pollUntil(task_id, ['succeed', 'failed'])).at(-1)?.status).toBe('succeed');
  });

  it("speaks the real server's words to its own scripts under /lightx2v", async () => {
    const original = new LightX2VClient(baseUrl, '/lightx2v/v1');
    const id = await original.create(
      { prompt: 'waves', video_duration: 1, height: 128, width: 128 },
      '/tasks/video/',
    );
    expect((await original.pollUntil(id, ['completed', 'failed'])).at(-1)?.status).toBe('completed');
  });
});

describe('two speakers and inline media', () => {
  it('takes data URLs, and a second audio in turn', async () => {
    const { readFile } = await import('node:fs/promises');
    const dataUrl = async (path: string, type: string) =>
      `data:${type};base64,${(await readFile(path)).toString('base64')}`;
    const id = await client.create({
      prompt: 'two people',
      image_path: await dataUrl(join(samples, 'two-people.jpg'), 'image/jpeg'),
      talk_objects: [
        { audio: await dataUrl(speech, 'audio/x-wav') },
        { audio: await dataUrl(join(samples, 'speech-second.wav'), 'audio/wav') },
      ],
      audio_type: 'add',
      height: 128,
      width: 256,
    });
    expect((await client.pollUntil(id, ['completed', 'failed', 'cancelled'])).at(-1)?.status).toBe(
      'completed',
    );
    const file = join(folder, 'two.mp4');
    await writeFile(file, Buffer.from(await (await fetch(`${baseUrl}/v1/tasks/${id}/result`)).arrayBuffer()));
    const spoken =
      (await durationOf(inject('ffprobe'), speech)) +
      (await durationOf(inject('ffprobe'), join(samples, 'speech-second.wav')));
    expect(Math.abs((await probe(inject('ffprobe'), file)).duration - spoken)).toBeLessThan(0.15);
  });
});
