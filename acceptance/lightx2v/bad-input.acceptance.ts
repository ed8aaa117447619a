import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { writeTone } from '../platform/media.js';
import { temporaryFolder } from '../platform/temporary-folder.js';
import { form, LightX2VClient } from './lightx2v-client.js';

const client = new LightX2VClient(inject('baseUrl'));
const media = inject('mediaServer');
const samples = inject('samples');
const portrait = join(samples, 'portrait.jpg');
const speech = join(samples, 'speech.wav');

const folder = await temporaryFolder();

async function file(name: string, content: Buffer | string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

/** No stack, no path of the server, no library name in what a client reads. */
function expectHarmless(body: unknown): void {
  expect(JSON.stringify(body)).not.toMatch(
    /\/tmp\/|\/home\/|\/root\/|node_modules|\.ts:|\.js:|Prisma|ECONN|at [A-Z]\w+\./,
  );
}

describe('refused at once: JSON', () => {
  const ok = { prompt: 'x', width: 128, height: 128 };
  it.each([
    ['broken JSON', '{"prompt": ', 422],
    ['no body', '', 422],
    ['a list', '[]', 422],
    ['text', '"prompt"', 422],
    ['nothing to make', {}, 422],
    ['steps as a word', { ...ok, infer_steps: 'many' }, 422],
    ['negative steps', { ...ok, infer_steps: -1 }, 422],
    ['a fraction of a step', { ...ok, infer_steps: 1.5 }, 422],
    ['a huge size', { ...ok, width: 100_000 }, 422],
    ['width without height', { prompt: 'x', width: 128 }, 422],
    ['an unknown size word', { prompt: 'x', size: 'gigantic' }, 422],
    ['a target shape of three', { prompt: 'x', target_shape: [1, 2, 3] }, 422],
    ['prompt as a number', { ...ok, prompt: 5 }, 422],
    ['a terribly long prompt', { ...ok, prompt: 'x'.repeat(30_000) }, 422],
    ['an id with slashes', { ...ok, task_id: '../../etc' }, 422],
    ['three audios', { ...ok, image_path: 'examples/portrait.jpg', audio_path: 'a.wav,b.wav,c.wav' }, 400],
    ['audio without image', { ...ok, audio_path: 'examples/speech.wav' }, 400],
    ['a path out of the volume', { ...ok, image_path: '../../../etc/passwd' }, 400],
    ['a path that is not there', { ...ok, image_path: 'nowhere.png' }, 400],
    ['another scheme', { ...ok, image_path: 'file:///etc/passwd' }, 400],
    ['a private URL', { ...ok, image_path: 'http://169.254.169.254/latest/meta-data' }, 400],
    ['a loopback URL in disguise', { ...ok, image_path: 'http://0x7f.1/' }, 400],
    ['a URL with credentials', { ...ok, image_path: 'http://user:secret@example.com/a.png' }, 400],
    [
      'base64 of text',
      { ...ok, image_path: `data:image/png;base64,${Buffer.from('hello '.repeat(40)).toString('base64')}` },
      400,
    ],
  ] as [string, unknown, number][])('%s', async (_name, body, status) => {
    const reply = await client.request('POST', '/tasks/video', body);
    expect([reply.status, reply.body]).toEqual([status, { detail: expect.anything() as unknown }]);
    const { detail } = reply.body as { detail: unknown };
    if (status === 422) {
      for (const problem of detail as object[])
        expect(Object.keys(problem).sort()).toEqual(['input', 'loc', 'msg', 'type']);
    } else expect(detail).toEqual(expect.any(String));
    expectHarmless(reply.body);
  });

  it('a task id that is already used', async () => {
    const task_id = `taken-${Date.now()}`;
    await client.create({ ...ok, video_duration: 1, task_id });
    expect(await client.request('POST', '/tasks/video', { ...ok, task_id })).toMatchObject({
      status: 503,
      body: { detail: `Task ID ${task_id} already exists` },
    });
  });
});

describe('refused at once: files', () => {
  it('text named .png, empty, truncated, far too short, without sound', async () => {
    const jpeg = await readFile(portrait);
    const short = join(folder, 'short.wav');
    await writeTone(short, 0.05);
    const cases: [string, Record<string, string>][] = [
      ['text as image', { image_file: await file('text.png', 'not an image'), audio_file: speech }],
      ['empty image', { image_file: await file('empty.png', ''), audio_file: speech }],
      ['truncated image', { image_file: await file('cut.jpg', jpeg.subarray(0, 400)), audio_file: speech }],
      ['audio that is an image', { image_file: portrait, audio_file: portrait }],
      ['audio of 0.05 s', { image_file: portrait, audio_file: short }],
      ['video without audio', { image_file: join(samples, 'portrait.mp4') }],
    ];
    for (const [name, files] of cases) {
      const reply = await client.request('POST', '/tasks/video/form', await form({ prompt: 'x' }, files));
      expect([name, reply.status, reply.body]).toEqual([name, 400, { detail: expect.any(String) as string }]);
      expectHarmless(reply.body);
    }
  });

  it('a form that ends too early', async () => {
    const response = await fetch(`${inject('baseUrl')}/v1/tasks/video/form`, {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
      body: '--x\r\nContent-Disposition: form-data; name="image_file"; filename="a.png"\r\n\r\nhalf',
    });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
  });
});

describe('found out later: a failed task with a reason', () => {
  it.each([
    ['missing', 'INPUT_UNREACHABLE'],
    ['broken', 'INPUT_UNREACHABLE'],
    ['redirect-to-private', 'INPUT_UNREACHABLE'],
    ['redirect-to-loopback', 'INPUT_UNREACHABLE'],
    ['huge', 'INPUT_TOO_LARGE'],
    ['page', 'UNSUPPORTED_MEDIA'],
    ['hang', 'INPUT_UNREACHABLE'],
  ])('%s', async (path, code) => {
    const id = await client.create({ prompt: 'x', image_path: `${media}/${path}`, video_duration: 1 });
    const last = (await client.pollUntil(id, ['succeed', 'failed'])).at(-1)!;
    expect(last).toMatchObject({ status: 'failed', error_code: code });
    expect(last.message).toBe(last.error);
    expect(last.progress).toBeLessThan(1);
    expectHarmless(last);
  });
});

describe('ids and routes nobody knows', () => {
  it.each([
    ['GET', '/tasks/ABCD-ABCD-ABCD-ABCD-ABCD/status', 404, 'Task not found'],
    ['GET', '/tasks/ABCD-ABCD-ABCD-ABCD-ABCD/result', 404, 'Task not found'],
    ['GET', '/files/download/..%2f..%2fetc%2fpasswd', 403, 'Access to this file is not allowed'],
    ['GET', '/tasks/%zz/status', 404, 'Not Found'],
    ['GET', "/tasks/'%20OR%201=1--/status", 404, 'Task not found'],
    ['GET', '/tasks/%00/status', 404, 'Task not found'],
    ['GET', '/tasks/a/b/c/d', 404, 'Not Found'],
    ['POST', '/service/status', 405, 'Method Not Allowed'],
    ['GET', '/tasks/video/form', 405, 'Method Not Allowed'],
  ])('%s %s', async (method, path, status, detail) => {
    expect(await client.request(method, path)).toMatchObject({ status, body: { detail } });
  });

  it('stops nothing when asked to stop a task nobody knows', async () => {
    expect(await client.request('DELETE', '/tasks/nobody')).toMatchObject({
      status: 200,
      body: { stop_status: 'do_nothing' },
    });
  });
});
