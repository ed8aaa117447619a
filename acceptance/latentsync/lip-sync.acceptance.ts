import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { durationOf, probe } from '../platform/media.js';
import { poll } from '../platform/poll.js';
import { temporaryFolder } from '../platform/temporary-folder.js';

const run = promisify(execFile);
const baseUrl = inject('baseUrl');
const media = inject('mediaServer');

interface TaskReply {
  readonly status: string;
  readonly message: string;
  readonly progress: number;
  readonly queue_position: number | null;
  readonly start_time: number;
  readonly end_time: number | null;
  readonly output_video_url: string | null;
  readonly output_mask_url: string | null;
}

async function post(
  body: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${baseUrl}/sync`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

async function get(
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${baseUrl}${path}`, { headers });
  return { status: response.status, body: await response.json() };
}

async function create(audio = 'speech.wav', video = 'portrait.mp4'): Promise<string> {
  const reply = await post({ video_url: `${media}/${video}`, audio_url: `${media}/${audio}` });
  expect(reply.status).toBe(200);
  return (reply.body as { task_id: string }).task_id;
}

const finished = ({ status }: TaskReply) => ['completed', 'failed'].includes(status);
const pollTask = (id: string) => poll(async () => (await get(`/task/${id}`)).body as TaskReply, finished);

const folder = await temporaryFolder();

describe('a lip-sync', () => {
  let id: string;
  let created: Record<string, unknown>;
  let answers: TaskReply[];

  beforeAll(async () => {
    const reply = await post({
      video_url: `${media}/portrait.mp4?a=1&b='x'`,
      audio_url: `${media}/speech.wav`,
    });
    expect(reply.status).toBe(200);
    created = reply.body as Record<string, unknown>;
    id = created.task_id as string;
    answers = await pollTask(id);
  });

  it('is created in the documented shape', () => {
    expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    expect(created).toEqual({
      task_id: id,
      status: 'queued',
      message: expect.stringContaining(id) as string,
      queue_position: expect.any(Number) as number,
      output_video_path: null,
      output_mask_path: null,
    });
  });

  it('goes through the documented words with progress that never falls', () => {
    for (const { status } of answers)
      expect(['queued', 'downloading', 'processing', 'completed']).toContain(status);
    const progress = answers.map((answer) => answer.progress);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(answers.at(-1)).toMatchObject({
      status: 'completed',
      progress: 1,
      queue_position: null,
      output_video_url: `/results/${id}/output.mp4`,
      output_mask_url: `/results/${id}/output_mask.mp4`,
    });
    expect(answers.at(-1)!.message).toMatch(/^处理完成/);
    expect(answers.at(-1)!.end_time!).toBeGreaterThan(answers.at(-1)!.start_time);
  });

  it('gives video and mask by relative URLs, as long as the speech', async () => {
    const spoken = await durationOf(inject('ffprobe'), join(inject('samples'), 'speech.wav'));
    for (const [name, url] of [
      ['result', answers.at(-1)!.output_video_url],
      ['mask', answers.at(-1)!.output_mask_url],
    ]) {
      const file = join(folder, `${name}.mp4`);
      await writeFile(file, Buffer.from(await (await fetch(`${baseUrl}${url}`)).arrayBuffer()));
      const facts = await probe(inject('ffprobe'), file);
      expect(facts.video).toMatchObject({ codec: 'h264', pixelFormat: 'yuv420p' });
      expect(Math.abs(facts.duration - spoken)).toBeLessThan(0.1);
      if (name === 'result') expect(facts.audio?.codec).toBe('aac');
    }
    expect(
      (await fetch(`${baseUrl}/results/${id}/output.mp4`, { headers: { range: 'bytes=0-3' } })).status,
    ).toBe(206);
    const head = await fetch(`${baseUrl}/results/${id}/output.mp4`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-type'), head.headers.get('etag')]).toEqual([
      200,
      'video/mp4',
      expect.any(String),
    ]);
    expect(await get(`/results/${id}/input.mp4`)).toMatchObject({
      status: 404,
      body: { detail: '结果尚不可用' },
    });
  });
});

describe("the document's own scripts", () => {
  /** As printed; only host, media, pause and the placeholder for the id are put in. */
  async function script(name: string): Promise<string> {
    const printed = await readFile(join(import.meta.dirname, 'document', name), 'utf8');
    return printed
      .replaceAll('http://localhost:8000', baseUrl)
      .replaceAll('https://example.com/video.mp4', `${media}/portrait.mp4`)
      .replaceAll('https://example.com/audio.wav', `${media}/speech.wav`)
      .replaceAll('"你的任务ID"', 'task_id')
      .replaceAll('time.sleep(5)', 'time.sleep(0.5)');
  }

  it.each([
    ['complete_example.py', ['result.mp4']],
    ['usage.py', ['result_video.mp4', 'result_mask.mp4']],
  ])('%s runs with requests', async (name, files) => {
    const { stdout } = await run(inject('python'), ['-c', await script(name)], {
      cwd: folder,
      timeout: 500_000,
    });
    expect(stdout).toContain('状态: completed, 进度: 100.0%, 消息: 处理完成');
    for (const file of files)
      expect((await probe(inject('ffprobe'), join(folder, file))).video?.codec).toBe('h264');
  });
});

describe('the queue', () => {
  it('tells the waiting tasks with 0-based positions', async () => {
    const ids = [await create(), await create(), await create()];
    const { body } = await get('/queue');
    const queue = body as {
      queue_length: number;
      is_processing: boolean;
      queued_tasks: { position: number }[];
    };
    expect(Object.keys(queue).sort()).toEqual(['is_processing', 'queue_length', 'queued_tasks']);
    expect(queue.queue_length).toBe(queue.queued_tasks.length);
    expect(queue.queued_tasks.map(({ position }) => position)).toEqual(
      queue.queued_tasks.map((_task, index) => index),
    );
    await Promise.all(ids.map((id) => pollTask(id)));
  });
});

describe('routes beside the tasks', () => {
  it('answer with and without final slash', async () => {
    for (const path of ['/queue', '/queue/', '/health', '/health/'])
      expect((await fetch(`${baseUrl}${path}`, { redirect: 'manual' })).status, path).toBe(200);
    const response = await fetch(`${baseUrl}/sync/`, { method: 'POST', redirect: 'manual' });
    expect(response.status).toBe(422);
  });

  it('document the API where the original does', async () => {
    for (const path of ['/docs', '/redoc'])
      expect(await (await fetch(`${baseUrl}${path}`)).text()).toMatch(/<!doctype html>/i);
    const document = (await get('/openapi.json')).body as { paths: object };
    expect(Object.keys(document.paths).sort()).toEqual([
      '/queue',
      '/results/{task_id}/{file}',
      '/sync',
      '/task/{task_id}',
    ]);
    expect((await get('/health')).body).toEqual({ status: 'ok' });
  });

  it('know no other routes and methods', async () => {
    expect(await get('/sync')).toEqual({ status: 405, body: { detail: 'Method Not Allowed' } });
    expect(await get('/task')).toEqual({ status: 404, body: { detail: 'Not Found' } });
    expect(await get('/results/../../etc/passwd')).toEqual({ status: 404, body: { detail: 'Not Found' } });
  });
});

describe('bad input', () => {
  const good = { video_url: `${media}/portrait.mp4`, audio_url: `${media}/speech.wav` };
  it.each([
    ['broken JSON', '{', 422],
    ['no body', '', 422],
    ['no audio', { video_url: good.video_url }, 422],
    ['a number as URL', { ...good, video_url: 5 }, 422],
    ['an empty URL', { ...good, audio_url: '' }, 422],
    ['steps out of range', { ...good, inference_steps: 0 }, 422],
    ['steps as a word', { ...good, inference_steps: 'many' }, 422],
    ['guidance out of range', { ...good, guidance_scale: -1 }, 422],
    ['a checkpoint path', { ...good, inference_ckpt_path: '/etc/passwd' }, 422],
    ['a private URL', { ...good, video_url: 'http://10.0.0.1/video.mp4' }, 400],
    ['a file URL', { ...good, video_url: 'file:///etc/passwd' }, 400],
  ] as [string, unknown, number][])('%s', async (_name, body, status) => {
    const reply = await post(body);
    expect([reply.status, reply.body]).toEqual([status, { detail: expect.anything() as unknown }]);
    if (status === 422)
      for (const problem of (reply.body as { detail: object[] }).detail)
        expect(Object.keys(problem)).toEqual(['type', 'loc', 'msg', 'input']);
  });

  it('names field and reason as FastAPI does', async () => {
    expect((await post({ audio_url: 5, inference_steps: 'many' })).body).toEqual({
      detail: [
        { type: 'missing', loc: ['body', 'video_url'], msg: 'Field required', input: null },
        {
          type: 'string_type',
          loc: ['body', 'audio_url'],
          msg: 'Input should be a valid string',
          input: 5,
        },
        {
          type: 'int_parsing',
          loc: ['body', 'inference_steps'],
          msg: 'Input should be a valid integer, unable to parse string as an integer',
          input: 'many',
        },
      ],
    });
    expect((await post('{"video_url": ')).body).toEqual({
      detail: [{ type: 'json_invalid', loc: ['body', 14], msg: 'JSON decode error', input: {} }],
    });
  });

  it('an input it may not fetch, in both languages', async () => {
    const bad = { ...good, video_url: 'http://10.0.0.1/video.mp4' };
    const detail = async (headers: Record<string, string>) =>
      ((await post(bad, headers)).body as { detail: string }).detail;
    expect(await detail({})).toMatch(/^\p{Script=Han}+: /u);
    expect(await detail({ 'accept-language': 'en' })).toMatch(/^[\x20-\x7e]+$/);
  });

  it('an unknown task, in Chinese unless English is preferred', async () => {
    const path = '/task/00000000-0000-4000-8000-000000000000';
    expect(await get(path)).toEqual({ status: 404, body: { detail: '任务不存在' } });
    expect(await get(path, { 'accept-language': 'en-GB,en;q=0.9' })).toEqual({
      status: 404,
      body: { detail: 'Task not found' },
    });
    expect((await get('/task/a/b')).status).toBe(404);
  });

  it.each([
    ['missing', 'speech.wav', '视频下载失败'],
    ['portrait.mp4', 'missing', '音频下载失败'],
    ['page', 'speech.wav', '处理失败'],
  ])('video %s, audio %s: a failed task that says so', async (video, audio, text) => {
    const last = (await pollTask(await create(audio, video))).at(-1)!;
    expect(last.status).toBe('failed');
    expect(last.message).toContain(text);
    expect(last.progress).toBeLessThan(1);
  });
});
