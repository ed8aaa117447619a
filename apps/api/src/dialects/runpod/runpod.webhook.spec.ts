import type { Task } from '@polyreel/core';
import { aTask } from '@polyreel/testkit';
import { describe, expect, it } from 'vitest';
import { aTaskView } from '../../../test/a-task-view.js';
import type { WebhookOccasion } from '../../http/dialect-webhooks.js';
import { runpodWebhooks } from './runpod.webhook.js';

const publicId = '5c7b1d0e-1111-4222-8333-444455556666-u1';
const url = 'https://hooks.example/done?token=1';

const viewOf = (task: Partial<Task>) =>
  aTaskView(
    {
      publicId,
      dialect: 'runpod',
      request: { input: { prompt: 'Hello', wav_url: '...' } },
      createdAt: new Date('2026-01-01T00:00:00.000Z'),
      startedAt: new Date('2026-01-01T00:00:01.000Z'),
      finishedAt: new Date('2026-01-01T00:00:03.000Z'),
      ...task,
    },
    { resultLink: 'https://s3.example/video.mp4' },
  );

async function bodyOf(task: Partial<Task>, occasion: Partial<WebhookOccasion> = {}): Promise<unknown> {
  const now = new Date();
  const whole = { deliveryId: 'd', url, endedAt: now, now, delivered: {}, secrets: [], ...occasion };
  const message = runpodWebhooks.render(viewOf(task), whole);
  if ('reason' in message || typeof message.body === 'string') throw new Error('No envelope was made.');
  expect(message.headers).toEqual({ 'content-type': 'application/json' });
  const chunks: Uint8Array[] = [];
  for await (const chunk of message.body.open()) chunks.push(chunk);
  const text = Buffer.concat(chunks);
  expect(text.length).toBe(message.body.bytes);
  return JSON.parse(text.toString());
}

describe('a RunPod webhook', () => {
  const asked = { input: { prompt: 'Hello', wav_url: '...' }, webhook: url };
  const times = { delayTime: 1000, executionTime: 2000 };

  it('is the envelope of the status with what was asked for', async () => {
    expect(await bodyOf({ state: 'succeeded' })).toEqual({
      ...times,
      id: publicId,
      status: 'COMPLETED',
      output: {
        video_url: 'https://s3.example/video.mp4',
        video_url_expires_at: '2026-01-01T01:00:00.000Z',
      },
      ...asked,
    });
  });

  it('holds the video as the status does, written while it is sent', async () => {
    const inline = {
      token: 'content-1',
      bytes: 3,
      async *open() {
        yield Buffer.from('abc');
      },
    };
    const assets = [{ role: 'result', objectKey: 'k', mediaType: 'video/mp4' }] as const;
    expect(await bodyOf({ state: 'succeeded', assets }, { delivered: { inline } })).toMatchObject({
      output: { video: 'data:video/mp4;base64,YWJj', video_base64: 'YWJj' },
    });
  });

  it.each([
    [{ state: 'failed', error: { code: 'FACE_NOT_DETECTED', text: 'No face.' } }, 'FAILED', 'No face.'],
    [{ state: 'failed', error: { code: 'EXECUTION_TIMEOUT', text: 'Late.' } }, 'TIMED_OUT', 'Late.'],
    [{ state: 'cancelled' }, 'CANCELLED', undefined],
  ] as const)('tells of %j as well', async (task, status, error) => {
    const body = await bodyOf(task);
    expect(body).toMatchObject({ id: publicId, status, ...asked, ...(error && { error }) });
    expect(body).not.toHaveProperty('output');
  });

  it('is tried three times, ten seconds apart', () => {
    expect(runpodWebhooks.schedule).toEqual({ delaysSeconds: [10, 10], jitter: 0 });
    expect(runpodWebhooks.wishes?.(aTask({ extras: { network_volume: true } })).toVolume).toBe(true);
  });
});
