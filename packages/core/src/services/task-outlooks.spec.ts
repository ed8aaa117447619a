import {
  aTaskToCreate,
  ManualClock,
  MemoryEngineRegistry,
  MemoryTaskStore,
  scriptedDescription,
} from '@polyreel/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Task } from '../model/task.js';
import type { EngineDescription } from '../ports/engine.js';
import type { Work } from '../model/work.js';
import { ModelCatalog } from './model-catalog.js';
import { TaskOutlooks, type Outlook } from './task-outlooks.js';

const clock = new ManualClock();
let store: MemoryTaskStore;
let registry: MemoryEngineRegistry;

/** One engine that makes videos of any length at 25 frames a second. */
const description: EngineDescription = {
  ...scriptedDescription,
  slots: 1,
  models: [
    {
      name: 'scripted',
      kinds: [
        {
          kind: 't2v',
          inputs: [],
          parameters: ['width', 'height', 'fps', 'seconds'].map((name) => ({
            name,
            type: 'number',
            choices: [],
            description: '',
          })),
        },
      ],
    },
  ],
};
const seeEngine = () => registry.report('engine', description);

beforeEach(async () => {
  store = new MemoryTaskStore(clock.now);
  registry = new MemoryEngineRegistry(clock.now);
  await seeEngine();
});

const create = (seconds = 4, over: Partial<Task> = {}) =>
  store.create(
    aTaskToCreate({
      kind: 't2v',
      model: 'scripted',
      assets: [],
      parameters: { width: 1000, height: 1000, fps: 25, seconds },
      ...over,
    }),
    1000,
  );

async function run(seconds: number, work?: Work): Promise<void> {
  const { id } = await create();
  await store.claim(id, 1, 30);
  clock.advance(seconds);
  await store.settle(id, 1, { state: 'succeeded', message: '', outputs: [], ...(work && { work }) });
  await seeEngine();
}

/** As a process that has just started sees it: nothing is cached. */
async function outlookOf({ id }: Pick<Task, 'id'>): Promise<Outlook> {
  const outlooks = new TaskOutlooks(store, new ModelCatalog(registry));
  return outlooks.of((await store.find(id))!, clock.now());
}

describe('outlook', () => {
  it('knows the place but no time before the first run, and no time without a live engine', async () => {
    await create();
    const second = await create();
    const unknown = { queuePosition: 1, estimatedSeconds: undefined, estimatedRange: undefined };
    expect(await outlookOf(second)).toEqual({ ...unknown, engineMissing: false });
    await run(10);
    clock.advance(60);
    expect(await outlookOf(second)).toEqual({ ...unknown, engineMissing: true });
  });

  it('scales past runs by the work: a video twice as long takes twice as long', async () => {
    for (const seconds of [9, 10, 11]) await run(seconds, { megapixels: 1, frames: 100 });
    expect((await outlookOf(await create(4))).estimatedSeconds).toBeCloseTo(10);
    const { estimatedRange } = await outlookOf(await create(4));
    expect(estimatedRange!.low).toBeLessThan(estimatedRange!.high);
    await store.cancelQueued({ tenant: 'acme', dialect: 'lightx2v' });
    expect((await outlookOf(await create(8))).estimatedSeconds).toBeCloseTo(20);
  });

  it('grows with the line and shrinks with the slots', async () => {
    await run(10);
    const tasks = [await create(), await create(), await create()];
    const seconds = async () =>
      Promise.all(tasks.map(async (task) => (await outlookOf(task)).estimatedSeconds!));
    const alone = await seconds();
    expect(alone).toEqual([...alone].sort((a, b) => a - b));
    expect(alone[0]).toBeCloseTo(10);
    await registry.report('another', { ...description, slots: 3 });
    const shared = await seconds();
    expect(shared[2]).toBeLessThan(alone[2]!);
  });

  it('does not wait for tasks of engines that are others', async () => {
    await run(10);
    for (let count = 0; count < 5; count += 1) await create(4, { model: 'elsewhere' });
    const outlook = await outlookOf(await create());
    expect(outlook).toMatchObject({ queuePosition: 5 });
    expect(outlook.estimatedSeconds).toBeCloseTo(10);
  });

  it('believes an engine that tells its own time more than past runs', async () => {
    await run(10);
    const { id } = await create();
    await store.claim(id, 1, 30);
    const progress = { stage: 'generating', progress: 0.5, step: 2, steps: 4, chunk: 0, chunks: 0 } as const;
    await store.beat(id, 1, { ...progress, message: '', remainingSeconds: 40 }, 30);
    expect((await outlookOf({ id })).estimatedSeconds).toBeCloseTo(40);
    clock.advance(25);
    expect(await outlookOf({ id })).toMatchObject({
      estimatedSeconds: 15,
      estimatedRange: { low: 15, high: 15 },
    });
    clock.advance(60);
    expect((await outlookOf({ id })).estimatedSeconds).toBe(1);
  });

  it('stays above 0 through progress, overtime and a retry, and is 0 at the end', async () => {
    await run(10);
    const { id } = await create();
    const seen: { progress: number; seconds: number | undefined }[] = [];
    const look = async () => {
      const { progress } = (await store.find(id))!;
      seen.push({ progress, seconds: (await outlookOf({ id })).estimatedSeconds });
    };
    const beat = async (attempt: number, progress: number) => {
      await store.beat(
        id,
        attempt,
        { stage: 'generating', progress, step: 1, steps: 4, chunk: 0, chunks: 0, message: '' },
        30,
      );
      await look();
    };
    await look();
    await store.claim(id, 1, 30);
    await look();
    clock.advance(8);
    await beat(1, 0.6);
    await store.settle(id, 1, { state: 'queued', delaySeconds: 2, message: 'Trying again.' });
    await look();
    clock.advance(2);
    await store.claim(id, 2, 30);
    await look();
    await beat(2, 0.1);
    clock.advance(100);
    await beat(2, 1);
    for (const { seconds } of seen) expect(seconds).toBeGreaterThanOrEqual(1);
    // The second attempt begins anew, so what is left is not what the shown progress says.
    expect(seen.at(-3)!.seconds).toBeCloseTo(10);
    const shown = seen.map(({ progress }) => progress);
    expect(shown).toEqual([...shown].sort((a, b) => a - b));
    expect(shown.at(-1)).toBeLessThan(1);
    await store.settle(id, 2, { state: 'succeeded', message: '', outputs: [] });
    expect(await outlookOf({ id })).toEqual({
      queuePosition: 0,
      estimatedSeconds: 0,
      estimatedRange: { low: 0, high: 0 },
      engineMissing: false,
    });
  });
});
