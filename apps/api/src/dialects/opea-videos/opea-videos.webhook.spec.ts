import { taskStates } from '@polyreel/core';
import { expect, it } from 'vitest';
import { aTaskView } from '../../../test/a-task-view.js';
import { standardWebhookHeaders } from '../../http/standard-webhooks.js';
import { opeaVideosWebhooks } from './opea-videos.webhook.js';

const secrets = [`whsec_${Buffer.alloc(32, 7).toString('base64')}`];
const now = new Date('2026-01-01T00:05:00.000Z');
const occasion = {
  deliveryId: 'f0f0',
  url: 'https://hooks.example/',
  endedAt: new Date('2026-01-01T00:00:00.900Z'),
  now,
  delivered: {},
  secrets,
};

function render(state: (typeof taskStates)[number], keys = secrets) {
  const view = aTaskView(
    { publicId: 'video_1_2', dialect: 'opea-videos', state },
    { resultLink: 'https://s3.example/secret' },
  );
  return opeaVideosWebhooks.render(view, { ...occasion, secrets: keys });
}

it.each([
  ['succeeded', 'video.completed'],
  ['failed', 'video.failed'],
  ['cancelled', 'video.failed'],
] as const)('%s: a thin event %s, signed at the moment of the try', (state, type) => {
  const body = JSON.stringify({
    id: 'evt_f0f0',
    object: 'event',
    created_at: 1_767_225_600,
    type,
    data: { id: 'video_1_2' },
  });
  expect(render(state)).toEqual({
    body,
    headers: { 'content-type': 'application/json', ...standardWebhookHeaders('f0f0', now, body, secrets) },
  });
});

it('says nothing that is not signed, and nothing before the end', () => {
  expect(render('succeeded', [])).toEqual({ reason: expect.stringContaining('WEBHOOK_SECRET') as string });
  expect(render('running')).toEqual({ reason: expect.any(String) as string });
});
