import {
  aTaskToCreate,
  ManualClock,
  MemoryEngineRegistry,
  MemoryLeaderLock,
  MemoryTaskEvents,
  MemoryTaskQueue,
  MemoryTaskStore,
  MemoryWakeUp,
  scriptedDescription,
} from '@polyreel/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { Dispatcher, type DispatchReport } from './dispatcher.js';

let clock: ManualClock;
let store: MemoryTaskStore;
let queue: MemoryTaskQueue;
let registry: MemoryEngineRegistry;
let events: MemoryTaskEvents;
let wakeUp: MemoryWakeUp;
let lock: MemoryLeaderLock;

beforeEach(() => {
  clock = new ManualClock();
  store = new MemoryTaskStore(clock.now);
  queue = new MemoryTaskQueue();
  registry = new MemoryEngineRegistry(clock.now);
  events = new MemoryTaskEvents();
  wakeUp = new MemoryWakeUp();
  lock = new MemoryLeaderLock();
});

function aDispatcher(report: (outcome: DispatchReport | Error) => void = () => undefined): Dispatcher {
  const options = { intervalMilliseconds: 1_000, engineLiveSeconds: 10, redeliverAfterSeconds: 10 };
  return new Dispatcher({ store, queue, registry, events, lock, wakeUp }, options, report);
}

const create = (over: Parameters<typeof aTaskToCreate>[0] = {}) =>
  store.create(aTaskToCreate({ model: 'scripted', ...over }), 10_000);

describe('a round', () => {
  it('delivers nothing while no live engine makes such videos', async () => {
    await create();
    expect((await aDispatcher().round()).delivered).toBe(0);
    await registry.report('engine', { ...scriptedDescription, state: 'loading' });
    expect((await aDispatcher().round()).delivered).toBe(0);
    await registry.report('engine', scriptedDescription);
    clock.advance(11);
    expect((await aDispatcher().round()).delivered).toBe(0);
  });

  it('forgets expired idempotency keys, but does not look for them all the time', async () => {
    const record = { route: '/sync', fingerprint: 'ab', keepSeconds: 10 };
    await store.create(aTaskToCreate(), 100, { ...record, key: 'one' });
    clock.advance(11);
    const dispatcher = aDispatcher();
    await dispatcher.round();
    expect(await store.forgetExpiredKeys()).toBe(0);
    await store.create(aTaskToCreate(), 100, { ...record, key: 'two' });
    clock.advance(11);
    await dispatcher.round();
    expect(await store.forgetExpiredKeys()).toBe(1);
  });

  it('keeps about twice the slots in the queue, whatever waits', async () => {
    await registry.report('engine', scriptedDescription);
    for (let count = 0; count < 50; count++) await create();
    const dispatcher = aDispatcher();
    await dispatcher.round();
    await dispatcher.round();
    expect(queue.waiting('scripted')).toHaveLength(2);
  });

  it('adds up the slots of engines of one name', async () => {
    await registry.report('one', scriptedDescription);
    await registry.report('two', { ...scriptedDescription, slots: 2 });
    for (let count = 0; count < 50; count++) await create();
    await aDispatcher().round();
    expect(queue.waiting('scripted')).toHaveLength(6);
  });

  it('delivers again what a wiped queue has lost', async () => {
    await registry.report('engine', scriptedDescription);
    await create();
    const dispatcher = aDispatcher();
    await dispatcher.round();
    queue.wipe();
    await dispatcher.round();
    expect(queue.waiting('scripted')).toEqual([]);
    clock.advance(11);
    await registry.report('engine', scriptedDescription);
    await dispatcher.round();
    expect(queue.waiting('scripted')).toHaveLength(1);
  });

  it('queues tasks of lost workers again and announces those that expired', async () => {
    const running = await create();
    const overdue = await create({ ttlSeconds: 5 });
    await store.claim(running.id, 1, 15);
    clock.advance(20);
    const report = await aDispatcher().round();
    expect(report.requeued).toEqual([running.id]);
    expect(report.ended).toEqual([overdue.id]);
    expect(events.published).toEqual([{ taskId: overdue.id, type: 'ended' }]);
  });
});

describe('run', () => {
  it('dispatches when woken, goes on after an error, and only one leads', async () => {
    await registry.report('engine', scriptedDescription);
    const outcomes: string[] = [];
    let next = Promise.withResolvers<void>();
    const note = (name: string) => (outcome: DispatchReport | Error) => {
      outcomes.push(
        outcome instanceof Error ? `${name}: ${outcome.message}` : `${name}: ${outcome.delivered}`,
      );
      next.resolve();
      next = Promise.withResolvers<void>();
    };
    const stop = new AbortController();
    const live = registry.live.bind(registry);
    registry.live = () => Promise.reject(new Error('database away'));
    const first = aDispatcher(note('first')).run(stop.signal);
    await next.promise;
    const second = aDispatcher(note('second')).run(stop.signal);
    registry.live = live;
    await create();
    const round = next.promise;
    wakeUp.ring();
    await round;
    expect(outcomes).toEqual(['first: database away', 'first: 1']);
    stop.abort();
    await Promise.all([first, second]);
  });
});
