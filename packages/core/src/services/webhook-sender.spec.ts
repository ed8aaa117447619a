import { ManualClock, MemoryWakeUp, MemoryWebhookOutbox, MemoryWebhookTransport } from '@polyreel/testkit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { WebhookAnswer } from '../ports/webhook-transport.js';
import { WebhookSender, type WebhookReport } from './webhook-sender.js';

const options = {
  intervalMilliseconds: 1_000,
  concurrency: 4,
  perReceiver: 2,
  trySeconds: 50,
  leaseSeconds: 60,
  graceSeconds: 3,
};
const schedule = { delaysSeconds: [10, 10], jitter: 0 };
const composer = {
  compose: async ({ id }: { id: string }) => ({ headers: { 'webhook-id': id }, body: '{}', schedule }),
};

let clock: ManualClock;
let outbox: MemoryWebhookOutbox;
let wakeUp: MemoryWakeUp;
let transport: MemoryWebhookTransport;
let stop: AbortController;
let running: Promise<void>;
let reports: WebhookReport[];
let arrival: PromiseWithResolvers<void>;

beforeEach(() => {
  clock = new ManualClock();
  outbox = new MemoryWebhookOutbox(clock.now);
  wakeUp = new MemoryWakeUp();
  transport = new MemoryWebhookTransport(async () => ({ status: 200 }));
  stop = new AbortController();
  running = Promise.resolve();
  reports = [];
  arrival = Promise.withResolvers();
});
afterEach(async () => {
  stop.abort();
  await running;
});

function start(over: Partial<typeof options> = {}): void {
  const sender = new WebhookSender(
    { outbox, composer, transport, wakeUp },
    { ...options, ...over },
    (report) => {
      reports.push(report);
      arrival.resolve();
      arrival = Promise.withResolvers();
    },
  );
  running = sender.run(stop.signal);
}

/** Resolves when so many reports have come in all. */
async function reported(count: number): Promise<void> {
  while (reports.length < count) await arrival.promise;
}

const outcomes = () =>
  reports.map((report) => (report instanceof Error ? report.message : report.outcome.type));
const hang = () => new Promise<WebhookAnswer>(() => undefined);

describe('the webhook sender', () => {
  it('delivers what is due, and what comes when it is woken', async () => {
    const first = outbox.add('https://a.example/1');
    start();
    await reported(1);
    const second = outbox.add('https://a.example/2');
    wakeUp.ring();
    await reported(2);
    expect(outcomes()).toEqual(['delivered', 'delivered']);
    expect([outbox.row(first).state, outbox.row(second).state]).toEqual(['delivered', 'delivered']);
  });

  it('tries again by the schedule, under the same id, and then gives up', async () => {
    transport.answer = async () => ({ status: 500 });
    const id = outbox.add('https://a.example/1');
    start();
    for (let tries = 1; tries <= 3; tries++) {
      await reported(tries);
      expect(outbox.row(id)).toMatchObject({ tries, state: tries < 3 ? 'pending' : 'abandoned' });
      clock.advance(9);
      wakeUp.ring();
      clock.advance(1);
      wakeUp.ring();
    }
    expect(transport.posted.map(({ headers }) => headers['webhook-id'])).toEqual([id, id, id]);
  });

  it('lets a receiver that hangs keep nobody else waiting', async () => {
    transport.answer = ({ url }) =>
      url.startsWith('https://slow') ? hang() : Promise.resolve({ status: 200 });
    for (let count = 0; count < 10; count++) outbox.add('https://slow.example/');
    for (let count = 0; count < 5; count++) outbox.add('https://quick.example/');
    start({ graceSeconds: 0 });
    await reported(5);
    expect(outcomes()).toEqual(Array(5).fill('delivered'));
    const slow = transport.posted.filter(({ url }) => url.startsWith('https://slow'));
    expect(slow).toHaveLength(options.perReceiver);
  });

  it('has no more under way than it may', async () => {
    const answers: (() => void)[] = [];
    let most = 0;
    let now = 0;
    transport.answer = () =>
      new Promise((resolve) => {
        most = Math.max(most, ++now);
        answers.push(() => {
          now--;
          resolve({ status: 200 });
        });
        if (answers.length === 4) queueMicrotask(() => answers.splice(0).forEach((answer) => answer()));
      });
    for (let count = 0; count < 8; count++) outbox.add(`https://receiver-${count}.example/`);
    start();
    await reported(8);
    expect(most).toBe(options.concurrency);
  });

  it('goes on after the outbox was away', async () => {
    const claimDue = outbox.claimDue.bind(outbox);
    outbox.claimDue = () => Promise.reject(new Error('database away'));
    outbox.add('https://a.example/1');
    start();
    await reported(1);
    outbox.claimDue = claimDue;
    wakeUp.ring();
    await reported(2);
    expect(outcomes()).toEqual(['database away', 'delivered']);
  });

  it('sends again what it could not write down', async () => {
    const succeeded = outbox.succeeded.bind(outbox);
    outbox.succeeded = () => Promise.reject(new Error('database away'));
    const id = outbox.add('https://a.example/1');
    start();
    await reported(1);
    outbox.succeeded = succeeded;
    clock.advance(60);
    wakeUp.ring();
    await reported(2);
    expect(outcomes()).toEqual(['database away', 'delivered']);
    expect(outbox.row(id)).toMatchObject({ state: 'delivered', tries: 2 });
  });
});

describe('time', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('ends a try that takes too long', async () => {
    transport.answer = hang;
    const id = outbox.add('https://a.example/1');
    start();
    await vi.advanceTimersByTimeAsync(options.trySeconds * 1000);
    expect(outbox.row(id)).toMatchObject({ tries: 1, lastError: 'The try took longer than 50 seconds.' });
    stop.abort();
    await running;
  });

  it('leaves tries under way some time when it is stopped, and then gives them back', async () => {
    const answer = Promise.withResolvers<WebhookAnswer>();
    transport.answer = ({ url }) => (url.endsWith('soon') ? answer.promise : hang());
    const soon = outbox.add('https://a.example/soon');
    const never = outbox.add('https://b.example/never');
    start();
    await vi.advanceTimersByTimeAsync(0);
    stop.abort();
    outbox.add('https://c.example/late');
    await vi.advanceTimersByTimeAsync(2_000);
    answer.resolve({ status: 200 });
    await vi.advanceTimersByTimeAsync(1_000);
    await running;
    expect(outbox.row(soon)).toMatchObject({ state: 'delivered' });
    expect(outbox.row(never)).toEqual({ state: 'pending', tries: 0 });
    expect(transport.posted).toHaveLength(2);
  });
});
