import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startMediaServer } from '../platform/media-server.js';
import { Platform } from '../platform/platform.js';
import { poll } from '../platform/poll.js';
import { LightX2VClient } from './lightx2v-client.js';

/*
 * What needs a platform of its own: a queue with room for two tasks, an idle service, stopping everything,
 * and downloads by redirect.
 */
let platform: Platform;
let media: Awaited<ReturnType<typeof startMediaServer>>;
let client: LightX2VClient;
beforeAll(async () => {
  media = await startMediaServer(inject('samples'));
  platform = await Platform.start({
    QUEUE_LIMIT: '2',
    DOWNLOADS: 'redirect',
    FETCH_ALLOW_HOSTS: new URL(media.url).host,
  });
  client = new LightX2VClient(platform.baseUrl);
});
afterAll(async () => {
  media.server.closeAllConnections();
  media.server.close();
  await platform.stop();
});

const sync = (headers: Record<string, string> = {}) =>
  fetch(`${platform.baseUrl}/sync`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ video_url: `${media.url}/portrait.mp4`, audio_url: `${media.url}/speech.wav` }),
  });

describe('a full queue', () => {
  it('is 503 with Retry-After in the words of each dialect, and has room again after a cancel', async () => {
    const long = { prompt: 'waves', video_duration: 100, width: 832, height: 480 };
    const ids = [await client.create(long), await client.create(long)];
    expect((await client.request('GET', '/tasks/queue/status')).body).toMatchObject({
      active_count: 2,
      queue_size: 2,
      queue_available: 0,
    });
    for (const path of ['/tasks/video', '/tasks/']) {
      const refused = await client.request('POST', path, long);
      expect(refused).toMatchObject({ status: 503, body: { detail: 'Task queue is full (max 2 tasks)' } });
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    const chinese = await sync();
    expect([chinese.status, await chinese.json()]).toEqual([503, { detail: '队列已满，请稍后再试' }]);
    expect(Number(chinese.headers.get('retry-after'))).toBeGreaterThan(0);
    const english = await sync({ 'accept-language': 'en' });
    expect(await english.json()).toEqual({ detail: 'The queue is full, try again later' });
    const stopped = { stop_status: 'success', reason: 'All tasks stopped successfully.' };
    for (const path of ['/tasks/all/running', '/tasks/all/running/'])
      expect((await client.request('DELETE', path)).body).toEqual(stopped);
    for (const id of ids) await client.pollUntil(id, ['failed']);
    expect((await client.request('GET', '/service/status')).body).toEqual({
      service_status: 'idle',
      current_task: null,
      active_tasks: [],
      pending_tasks: 0,
      queue_size: 2,
      total_tasks: 2,
      completed_tasks: 0,
      failed_tasks: 0,
    });
  });
});

describe("LightX2V's scheduler", () => {
  it('waits for an idle server, creates by the legacy route, and waits for completed', async () => {
    const script = join(import.meta.dirname, 'original_clients.py');
    for (const url of [platform.baseUrl, `${platform.baseUrl}/lightx2v`]) {
      const run = promisify(execFile)(inject('python'), [script, 'scheduler', '--url', url], {
        timeout: 280_000,
      });
      expect((await run).stdout).toBe('completed\n');
    }
  });
});

describe('downloads by redirect', () => {
  it('lead to the same files', async () => {
    const id = await client.create({ prompt: 'waves', video_duration: 0.5, width: 128, height: 128 });
    const { task_id } = (await (await sync()).json()) as { task_id: string };
    await client.pollUntil(id, ['succeed', 'failed']);
    const [last] = (
      await poll(
        async () =>
          (await fetch(`${platform.baseUrl}/task/${task_id}`)).json() as Promise<{ status: string }>,
        ({ status }) => ['completed', 'failed'].includes(status),
      )
    ).slice(-1);
    expect(last).toMatchObject({ status: 'completed', output_video_url: `/results/${task_id}/output.mp4` });
    for (const path of [
      `/v1/tasks/${id}/result`,
      `/v1/files/download/${id}.mp4`,
      `/results/${task_id}/output.mp4`,
      `/results/${task_id}/output_mask.mp4`,
    ]) {
      const redirect = await fetch(`${platform.baseUrl}${path}`, { redirect: 'manual' });
      expect([redirect.status, redirect.headers.get('location')], path).toEqual([
        302,
        expect.stringContaining('X-Amz-Signature'),
      ]);
      const followed = Buffer.from(await (await fetch(`${platform.baseUrl}${path}`)).arrayBuffer());
      expect(followed.subarray(4, 8).toString(), path).toBe('ftyp');
    }
  });
});
