import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { durationOf, probe } from '../platform/media.js';
import { poll } from '../platform/poll.js';

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
const pollTask = (id: string, seconds?: number) =>
  poll(async () => (await get(`/task/${id}`)).body as TaskReply, finished, seconds);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'polyreel-latentsync-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

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
    expect(await get(`/results/${id}/input.mp4`)).toMatchObject({
      status: 404,
      body: { detail: '结果尚不可用' },
    });
  });
});

describe("the document's own script", () => {
  it('runs as printed, with requests', async () => {
    const script = `
import requests, time, sys
response = requests.post("${baseUrl}/sync", json={"video_url": "${media}/portrait.mp4", "audio_url": "${media}/speech.wav"})
task_id = response.json()["task_id"]
print(f"任务已提交，任务ID: {task_id}, {response.json()['queue_position'] + 1}")
while True:
    response = requests.get(f"${baseUrl}/task/{task_id}")
    data = response.json()
    print(f"状态: {data['status']}, 进度: {data['progress']*100:.1f}%, 消息: {data['message']}")
    if data["status"] in ["completed", "failed"]:
        break
    time.sleep(0.5)
queue_data = requests.get("${baseUrl}/queue").json()
print(queue_data['queue_length'], queue_data['is_processing'], [t['position'] + 1 for t in queue_data['queued_tasks']])
if data["status"] == "completed":
    video_url = f"${baseUrl}{data['output_video_url']}"
    response = requests.get(video_url)
    with open(sys.argv[1], "wb") as f:
        f.write(response.content)
else:
    sys.exit(data["message"])
`;
    const file = join(folder, 'script.mp4');
    const { stdout } = await run(inject('python'), ['-c', script, file], { timeout: 150_000 });
    expect(stdout).toContain('状态: completed, 进度: 100.0%');
    expect((await probe(inject('ffprobe'), file)).video?.codec).toBe('h264');
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
        expect(Object.keys(problem).sort()).toEqual(['input', 'loc', 'msg', 'type']);
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
    const last = (await pollTask(await create(audio, video), 90)).at(-1)!;
    expect(last.status).toBe('failed');
    expect(last.message).toContain(text);
    expect(last.progress).toBeLessThan(1);
  });
});
