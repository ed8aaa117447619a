import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { writeTone } from '../platform/media.js';
import { poll } from '../platform/poll.js';
import { temporaryFolder } from '../platform/temporary-folder.js';
import { form, LightX2VClient } from './lightx2v-client.js';

const client = new LightX2VClient(inject('baseUrl'));
const portrait = join(inject('samples'), 'portrait.jpg');

const folder = await temporaryFolder();
let longSpeech: string;
beforeAll(async () => {
  longSpeech = join(folder, 'long.wav');
  await writeTone(longSpeech, 300);
});

/** A task that takes minutes when nobody stops it. */
const createLong = async () =>
  client.create(
    await form({ prompt: 'a long talk' }, { image_file: portrait, audio_file: longSpeech }),
    '/tasks/video/form',
  );

describe('cancel', () => {
  it('stops running and queued tasks, for good', async () => {
    const running = await createLong();
    const queued = await createLong();
    await client.pollUntil(running, ['processing']);
    expect((await client.status(queued)).status).toBe('pending');
    for (const id of [queued, running])
      expect(await client.request('DELETE', `/tasks/${id}`)).toMatchObject({
        status: 200,
        body: { stop_status: 'success', reason: expect.any(String) as string },
      });
    for (const id of [running, queued]) {
      const last = (await client.pollUntil(id, ['cancelled', 'completed', 'failed'])).at(-1)!;
      expect(last).toMatchObject({ status: 'cancelled', task_status: 'cancelled', result_url: null });
      expect(await client.request('GET', `/tasks/${id}/result`)).toMatchObject({
        status: 404,
        body: { detail: 'Task not completed' },
      });
    }
    // As in the original, stopping what was stopped is a success.
    expect((await client.request('DELETE', `/tasks/${running}`)).body).toEqual({
      stop_status: 'success',
      reason: 'Task stopped successfully.',
    });
  });

  it('shows the queue and the service with exactly the documented keys', async () => {
    const id = await createLong();
    const queue = await client.request('GET', '/tasks/queue/status');
    expect(Object.keys(queue.body as object).sort()).toEqual([
      'active_count',
      'current_task',
      'is_processing',
      'pending_count',
      'queue_available',
      'queue_size',
    ]);
    const service = await client.request('GET', '/service/status');
    expect(Object.keys(service.body as object).sort()).toEqual([
      'active_tasks',
      'completed_tasks',
      'current_task',
      'failed_tasks',
      'pending_tasks',
      'queue_size',
      'service_status',
      'total_tasks',
    ]);
    expect((await client.request('GET', '/tasks/')).body).toHaveProperty(id);
    await client.request('DELETE', `/tasks/${id}`);
    await poll(
      () => client.status(id),
      ({ status }) => status === 'cancelled',
    );
  });
});
