import type { Task, TerminalState, WebhookDelivery } from '@polyreel/core';
import { aTask } from '@polyreel/testkit';
import { describe, expect, it } from 'vitest';
import type { DialectWebhooks, WebhookOccasion } from '../http/dialect-webhooks.js';
import type { Dialect } from '../http/dialect.js';
import type { TaskView } from '../tasks/task-view.js';
import { DialectWebhookComposer } from './dialect-webhook-composer.js';

const schedule = { delaysSeconds: [1], jitter: 0 };
const secrets = ['whsec_a'];

function delivery(event: TerminalState): WebhookDelivery {
  const url = 'https://hooks.example/';
  const createdAt = new Date('2026-01-01T00:00:00.000Z');
  return { id: 'd', taskId: 't', url, receiver: 'hooks.example', event, tries: 2, createdAt };
}

/** A composer that knows this task, and one dialect with these webhooks. */
function composerOf(task: Task | undefined, webhooks?: Partial<DialectWebhooks>) {
  const occasions: WebhookOccasion[] = [];
  const rendering: DialectWebhooks = {
    schedule,
    render(view, occasion) {
      occasions.push(occasion);
      return { headers: { state: view.task.state }, body: 'text' };
    },
    ...webhooks,
  };
  const dialect = { name: 'runpod', ...(webhooks && { webhooks: rendering }) } as Dialect;
  const composer = new DialectWebhookComposer(
    { find: async () => task },
    { of: async (of) => ({ task: of }) as TaskView },
    { of: async (_task, { toVolume }) => ({ volumePath: `to volume: ${toVolume}` }) },
    { webhook: { url: '', secrets } },
    [dialect],
  );
  return { composer, occasions };
}

const succeeded = aTask({ dialect: 'runpod', state: 'succeeded' });

describe('composing', () => {
  it('has the dialect of the task word the message, in its schedule', async () => {
    const { composer, occasions } = composerOf(succeeded, {});
    expect(await composer.compose(delivery('succeeded'))).toEqual({
      headers: { state: 'succeeded' },
      body: 'text',
      schedule,
    });
    expect(occasions).toEqual([
      {
        deliveryId: 'd',
        url: 'https://hooks.example/',
        endedAt: new Date('2026-01-01T00:00:00.000Z'),
        now: expect.any(Date) as Date,
        delivered: {},
        secrets,
      },
    ]);
  });

  it('brings the result in the form the dialect wishes', async () => {
    const { composer, occasions } = composerOf(succeeded, {
      wishes: () => ({ toVolume: true, inlineBytes: 0 }),
    });
    await composer.compose(delivery('succeeded'));
    expect(occasions[0]!.delivered).toEqual({ volumePath: 'to volume: true' });
  });

  it.each([
    ['a deleted task', undefined, {}, /deleted/],
    [
      'a failed task that was queued again',
      aTask({ dialect: 'runpod', state: 'running' }),
      {},
      /queued again/,
    ],
    ['a dialect without webhooks', succeeded, undefined, /knows no webhooks/],
    ['a dialect of old', aTask({ state: 'succeeded' }), {}, /knows no webhooks/],
    ['a dialect that has nothing to say', succeeded, { render: () => ({ reason: 'no key' }) }, /no key/],
  ])('tells nothing about %s', async (_name, task, webhooks, reason) => {
    const message = await composerOf(task, webhooks).composer.compose(delivery('succeeded'));
    expect(message).toEqual({ reason: expect.stringMatching(reason) as string });
  });
});
