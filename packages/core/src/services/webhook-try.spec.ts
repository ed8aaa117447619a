import { MemoryWebhookTransport } from '@polyreel/testkit';
import { describe, expect, it } from 'vitest';
import { TaskError } from '../model/task-error.js';
import type { WebhookComposer } from '../ports/webhook-composer.js';
import type { WebhookDelivery } from '../ports/webhook-outbox.js';
import type { WebhookAnswer } from '../ports/webhook-transport.js';
import { SenderStoppedError, tryWebhook } from './webhook-try.js';

const delivery: WebhookDelivery = {
  id: 'delivery',
  taskId: 'task',
  url: 'https://receiver.example/hook',
  receiver: 'receiver.example',
  event: 'succeeded',
  tries: 1,
  createdAt: new Date(),
};
const message = { headers: { a: 'b' }, body: 'text', schedule: { delaysSeconds: [10, 20], jitter: 0.5 } };
const going = new AbortController().signal;

function attempt(
  answer: () => Promise<WebhookAnswer>,
  over: Partial<WebhookDelivery> = {},
  compose: WebhookComposer['compose'] = async () => message,
  signal: AbortSignal = going,
) {
  const transport = new MemoryWebhookTransport(answer);
  const outcome = tryWebhook({ composer: { compose }, transport }, { ...delivery, ...over }, 1, signal);
  return { transport, outcome };
}

const answering = (status: number, retryAfterSeconds?: number) => async () => ({
  status,
  ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
});

describe('an answer', () => {
  it.each([200, 201, 202, 204, 299])('%i is success', async (status) => {
    const { transport, outcome } = attempt(answering(status));
    expect(await outcome).toEqual({ type: 'delivered', status });
    expect(transport.posted).toEqual([{ url: delivery.url, headers: { a: 'b' }, body: 'text' }]);
  });

  it.each([
    [301, /redirects \(301\)/],
    [307, /redirects \(307\)/],
    [400, /answered 400/],
    [404, /answered 404/],
    [429, /answered 429/],
    [500, /answered 500/],
    [100, /answered 100/],
  ])('%i is failure, tried again with jitter', async (status, reason) => {
    expect(await attempt(answering(status)).outcome).toEqual({
      type: 'failed',
      failure: { status, reason: expect.stringMatching(reason) as string, retryAfterSeconds: 15 },
    });
  });

  it('410 ends the delivery', async () => {
    expect(await attempt(answering(410, 5)).outcome).toEqual({
      type: 'failed',
      failure: { status: 410, reason: expect.any(String) as string },
    });
  });

  it('may ask for a later try', async () => {
    expect(await attempt(answering(503, 99)).outcome).toMatchObject({ failure: { retryAfterSeconds: 99 } });
  });

  it('ends the delivery after the last try', async () => {
    const outcome = await attempt(answering(500), { tries: 3 }).outcome;
    expect(outcome).toEqual({
      type: 'failed',
      failure: { status: 500, reason: expect.any(String) as string },
    });
  });
});

describe('no answer', () => {
  it.each([
    [new TaskError('INPUT_UNREACHABLE', 'No way.'), { reason: 'No way.', retryAfterSeconds: 15 }],
    [new TaskError('INVALID_INPUT', 'No URL.'), { reason: 'No URL.' }],
    [new Error('secret'), { reason: 'The message could not be sent.', retryAfterSeconds: 15 }],
  ])('%s', async (error, failure) => {
    expect(await attempt(() => Promise.reject(error)).outcome).toEqual({ type: 'failed', failure });
  });

  it('because the sender stops: does not count', async () => {
    const stopped = new AbortController();
    const { outcome } = attempt(() => new Promise(() => undefined), {}, undefined, stopped.signal);
    stopped.abort(new SenderStoppedError());
    expect(await outcome).toMatchObject({ type: 'postponed', seconds: 0 });
  });
});

describe('composing', () => {
  const away = () => Promise.reject(new Error('storage away'));
  const answer = answering(200);

  it('may find that there is nothing to tell', async () => {
    const { transport, outcome } = attempt(answer, {}, async () => ({ reason: 'The job was queued again.' }));
    expect(await outcome).toEqual({ type: 'failed', failure: { reason: 'The job was queued again.' } });
    expect(transport.posted).toEqual([]);
  });

  it('is tried again for a day when something is away, without using up a try', async () => {
    expect(await attempt(answer, {}, away).outcome).toMatchObject({ type: 'postponed', seconds: 30 });
    const createdAt = new Date(Date.now() - 86_500_000);
    expect(await attempt(answer, { createdAt }, away).outcome).toEqual({
      type: 'failed',
      failure: { reason: 'The message could not be made.' },
    });
  });

  it('ends with the time of the try, or with the sender', async () => {
    const hang = () => new Promise<never>(() => undefined);
    const late = AbortSignal.abort(new TaskError('INPUT_UNREACHABLE'));
    expect(await attempt(answer, {}, hang, late).outcome).toMatchObject({ type: 'postponed', seconds: 30 });
    const stopped = AbortSignal.abort(new SenderStoppedError());
    expect(await attempt(answer, {}, hang, stopped).outcome).toMatchObject({ type: 'postponed', seconds: 0 });
  });
});
