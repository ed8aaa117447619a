import { TaskError, TaskRunner, type EngineDescription } from '@polyreel/core';
import {
  aTaskToCreate,
  MemoryEngineRegistry,
  MemoryMediaIntake,
  MemoryObjectStore,
  MemoryTaskEvents,
  MemoryTaskQueue,
  MemoryTaskStore,
  ScriptedEngine,
  scriptedDescription,
} from '@polyreel/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { EngineSession } from './engine-session.js';

let engine: ScriptedEngine;
let queue: MemoryTaskQueue;
let registry: MemoryEngineRegistry;
let store: MemoryTaskStore;
let states: string[];
let troubles: unknown[];
let outcomes: string[];
let session: EngineSession;

beforeEach(() => {
  engine = new ScriptedEngine();
  queue = new MemoryTaskQueue();
  registry = new MemoryEngineRegistry();
  store = new MemoryTaskStore();
  states = [];
  troubles = [];
  outcomes = [];
  const runner = new TaskRunner(
    {
      store,
      objects: new MemoryObjectStore(),
      intake: new MemoryMediaIntake(),
      events: new MemoryTaskEvents(),
      inspector: {
        probeLink: async () => ({ width: 8, height: 8, durationSeconds: 1 }),
        posterOf: async () => Buffer.from('p'),
      },
      copier: { copy: async () => ({}) },
    },
    { leaseSeconds: 15, beatSeconds: 1, silenceSeconds: 60 },
  );
  session = new EngineSession(
    engine,
    { registry, queue, runner },
    {
      onState: (_address, state, trouble) => {
        states.push(state);
        troubles.push(trouble);
      },
      onRun: (_engine, _job, report) =>
        outcomes.push(report instanceof Error ? report.message : report.outcome),
    },
  );
});

const describing = (over: Partial<EngineDescription>) =>
  (engine.description = { ...scriptedDescription, ...over });
const createTask = () => store.create(aTaskToCreate({ kind: 't2v', model: 'scripted', assets: [] }), 10);

/** Lets the session look once. */
async function look(): Promise<void> {
  const stop = new AbortController();
  const looking = session.run(stop.signal);
  stop.abort();
  await looking;
}

describe('a session', () => {
  it('registers a ready engine and runs what is delivered for it', async () => {
    const task = await createTask();
    await look();
    expect((await registry.live(60)).map(({ address }) => address)).toEqual(['scripted']);
    await queue.deliver('scripted', task.id, 1);
    await session.close(AbortSignal.timeout(25_000));
    expect((await store.find(task.id))?.state).toBe('succeeded');
    expect([states, outcomes]).toEqual([['ready'], ['succeeded']]);
    expect(engine.closed).toBe(true);
  });

  it('calls an engine ready when the registry knows it', async () => {
    const written = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const report = registry.report.bind(registry);
    registry.report = async (address, description) => {
      asked.resolve();
      await written.promise;
      await report(address, description);
    };
    const looking = look();
    await asked.promise;
    expect(session.state).toBe('away');
    written.resolve();
    await looking;
    expect(session.state).toBe('ready');
    await session.close(AbortSignal.abort());
  });

  it('tells why an engine failed', async () => {
    describing({ state: 'failed', message: 'The weights are cut off.' });
    await look();
    expect(troubles).toEqual(['The weights are cut off.']);
  });

  it.each(['loading', 'draining', 'failed'] as const)('takes no jobs for a %s engine', async (state) => {
    describing({ state });
    await look();
    await queue.deliver('scripted', 'task', 1);
    expect(queue.waiting('scripted')).toHaveLength(1);
    expect(states).toEqual([state]);
    await session.close(AbortSignal.abort());
  });

  it('stops taking jobs when the engine is away, and takes them again when it is back', async () => {
    await look();
    engine.describeFailure = new TaskError('ENGINE_UNAVAILABLE');
    await look();
    const task = await createTask();
    await queue.deliver('scripted', task.id, 1);
    expect(queue.waiting('scripted')).toHaveLength(1);
    delete engine.describeFailure;
    await look();
    await session.close(AbortSignal.timeout(25_000));
    expect(states).toEqual(['ready', 'away', 'ready']);
    expect((await store.find(task.id))?.state).toBe('succeeded');
  });

  it('hands a running job back at the deadline of a stop', async () => {
    engine.play([{ type: 'hang' }]);
    const task = await createTask();
    await look();
    const started = engine.nextRun();
    await queue.deliver('scripted', task.id, 1);
    await started;
    await session.close(AbortSignal.abort());
    expect((await store.find(task.id))?.state).toBe('queued');
    expect(outcomes).toEqual(['retrying']);
  });
});
