import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, inject, it } from 'vitest';
import { probe } from '../platform/media.js';
import { temporaryFolder } from '../platform/temporary-folder.js';
import { LightX2VClient } from './lightx2v-client.js';
import { tiny } from './tiny-video.js';

/*
 * One path, two vocabularies: a client that waits for the wrong word waits for ever. Each document and each
 * client shipped with an original has its poller here, and each poller its deadline.
 */
const run = promisify(execFile);
const baseUrl = inject('baseUrl');
const portrait = 'examples/portrait.jpg';
const speech = 'examples/speech.wav';
const client = new LightX2VClient(baseUrl);

const folder = await temporaryFolder();

const here = (name: string) => join(import.meta.dirname, name);
const original = (...args: string[]) =>
  run(inject('python'), [here('original_clients.py'), ...args], { timeout: 500_000 });

describe('clients shipped with the originals', () => {
  it("InfiniteTalk's shell client: any other code than 200 ends it, redirects are followed", async () => {
    const out = join(folder, 'shell.mp4');
    const { stdout } = await run(here('shell_client.sh'), [baseUrl, portrait, speech, out, '300']);
    expect(stdout).toBe('completed\n');
    expect((await probe(inject('ffprobe'), out)).audio?.codec).toBe('aac');
    const named = await fetch(`${baseUrl}/v1/files/download/ultimate_i2v_480.mp4`);
    expect([named.status, named.headers.get('content-type')]).toEqual([200, 'video/mp4']);
    await named.body?.cancel();
  });

  it("LightX2V's asynchronous client, with final slashes", async () => {
    const out = join(folder, 'async.mp4');
    const media = ['--image', portrait, '--audio', speech];
    expect((await original('async', '--url', baseUrl, ...media, '--output', out)).stdout).toBe('completed\n');
    expect((await probe(inject('ffprobe'), out)).video).toMatchObject({ width: 128, height: 128 });
  });
});

describe('words of the status', () => {
  const guideWords = ['submitted', 'running', 'succeed'];
  const serverWords = ['pending', 'processing', 'completed'];

  it.each([
    ['seed 004: image to video', '/tasks/video', { ...tiny, image_path: portrait }, guideWords],
    ['seed 004: text to video', '/tasks/video', tiny, guideWords],
    ['text to video with a final slash', '/tasks/video/', tiny, guideWords],
    ['text to video by the legacy route', '/tasks/', tiny, serverWords],
    [
      'seed 000: image and audio',
      '/tasks/video',
      { ...tiny, image_path: portrait, audio_path: speech },
      serverWords,
    ],
  ])('%s', async (_name, path, body, words) => {
    const id = await client.create(body, path);
    const answers = await client.pollUntil(id, [words[2]!, 'failed', 'cancelled']);
    expect(answers.at(-1)?.status).toBe(words[2]);
    for (const { status } of answers) expect(words).toContain(status);
    for (const { task_status } of answers) expect(serverWords).toContain(task_status);
  });

  it('may be demanded by a header, when a task is created and when it is read', async () => {
    const ask = async (path: string, words?: string, body?: object) => {
      const response = await fetch(`${baseUrl}${path}`, {
        method: body ? 'POST' : 'GET',
        headers: { 'content-type': 'application/json', ...(words && { 'x-status-vocabulary': words }) },
        ...(body && { body: JSON.stringify(body) }),
      });
      return (await response.json()) as { task_id: string; status: string };
    };
    const { task_id: id } = await ask('/v1/tasks/video', 'server', tiny);
    const last = (await client.pollUntil(id, ['completed', 'succeed', 'failed'])).at(-1);
    expect(last?.status).toBe('completed');
    expect((await ask(`/v1/tasks/${id}/status`, 'guide')).status).toBe('succeed');
    const guide = await client.create(tiny);
    await client.pollUntil(guide, ['succeed', 'failed']);
    expect((await ask(`/lightx2v/v1/tasks/${guide}/status`)).status).toBe('completed');
  });

  it('tell a cancelled task to clients that know no such word', async () => {
    const id = await client.create({ ...tiny, width: 832, height: 480, video_duration: 60 });
    await client.request('DELETE', `/tasks/${id}`);
    const last = (await client.pollUntil(id, ['succeed', 'failed'])).at(-1)!;
    expect(last).toMatchObject({
      status: 'failed',
      task_status: 'cancelled',
      message: 'Task cancelled by user',
      error: 'Task cancelled by user',
      error_type: '',
    });
  });
});
