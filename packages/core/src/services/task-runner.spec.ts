import {
  accepted,
  aTaskToCreate,
  completed,
  emit,
  generating,
  ManualClock,
  MemoryMediaIntake,
  MemoryObjectStore,
  MemoryTaskEvents,
  MemoryTaskStore,
  output,
  samplePng,
  sampleWav,
  ScriptedEngine,
  successScript,
} from '@polyreel/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { TaskError } from '../model/task-error.js';
import type { Task } from '../model/task.js';
import type { LogoAppender } from '../ports/logo-appender.js';
import type { MediaInspector } from '../ports/media-intake.js';
import type { TaskToCreate } from '../ports/task-store.js';
import type { ResultCopier } from './result-copier.js';
import { Slots } from './slots.js';
import { TaskRunner } from './task-runner.js';

const scope = { tenant: 'acme', dialect: 'lightx2v' } as const;
const never = new AbortController().signal;
const portraitUrl = 'https://media.example.com/portrait.png';

/** Inspects nothing: tells fixed facts of every video. */
const inspector: MediaInspector = {
  probeLink: async () => ({ width: 512, height: 512, durationSeconds: 2, fps: 25 }),
  posterOf: async () => Buffer.from('a poster'),
};

let store: MemoryTaskStore;
let objects: MemoryObjectStore;
let intake: MemoryMediaIntake;
let events: MemoryTaskEvents;
let engine: ScriptedEngine;
let runner: TaskRunner;

beforeEach(() => {
  store = new MemoryTaskStore(new ManualClock().now);
  objects = new MemoryObjectStore();
  intake = new MemoryMediaIntake();
  events = new MemoryTaskEvents();
  engine = new ScriptedEngine();
  intake.serve(portraitUrl, samplePng());
  runner = aRunner();
});

interface RunnerWishes {
  beatSeconds?: number;
  silenceSeconds?: number;
  inspector?: MediaInspector;
  logo?: LogoAppender;
  copier?: Pick<ResultCopier, 'copy'>;
}

function aRunner(over: RunnerWishes = {}) {
  const { inspector: inspecting = inspector, copier = { copy: async () => ({}) }, logo, ...options } = over;
  return new TaskRunner(
    { store, objects, intake, inspector: inspecting, events, copier, ...(logo && { logo }) },
    { leaseSeconds: 15, beatSeconds: 0.005, silenceSeconds: 60, ...options },
  );
}

/** A queued task whose portrait is a foreign URL and whose speech is stored. */
async function aQueuedTask(over: Partial<TaskToCreate> = {}): Promise<Task> {
  const row = aTaskToCreate({ model: 'scripted', ...over });
  const wav = sampleWav();
  const key = `inputs/${row.id}/audio`;
  const { bytes, sha256 } = objects.put(key, wav, 'audio/wav');
  return store.create(
    {
      ...row,
      assets: [
        { role: 'image', sourceUrl: portraitUrl },
        {
          role: 'audio',
          objectKey: key,
          mediaType: 'audio/wav',
          bytes,
          sha256,
          facts: { durationSeconds: 1 },
        },
      ],
      ...over,
    },
    100,
  );
}

const run = (task: Task, attempt = 1, slots = new Slots(1), shutdown = never) =>
  runner.run({ taskId: task.id, attempt }, engine, slots, shutdown);
const stateOf = async (task: Task) => (await store.find(task.id))!;

describe('a run that goes well', () => {
  it('tells where a copy of the result lies, and what became of the wish for one', async () => {
    const copy = { role: 'copy', sourceUrl: 'https://bucket.example/b/job.mp4' } as const;
    const task = await aQueuedTask();
    runner = aRunner({ copier: { copy: async () => ({ copy }) } });
    expect(await run(task)).toEqual({ outcome: 'succeeded' });
    expect((await stateOf(task)).assets).toContainEqual(copy);
    const another = await aQueuedTask();
    runner = aRunner({ copier: { copy: async () => ({ note: 'Not copied.' }) } });
    expect(await run(another)).toEqual({ outcome: 'succeeded' });
    const done = await stateOf(another);
    expect(done).toMatchObject({
      state: 'succeeded',
      message: expect.stringMatching(/Not copied\.$/) as string,
    });
    expect(done.assets.map(({ role }) => role)).not.toContain('copy');
  });

  it('copies nothing when it is cancelled meanwhile', async () => {
    const task = await aQueuedTask();
    const asked = Promise.withResolvers<void>();
    runner = aRunner({
      copier: {
        copy: (_task, _result, signal) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason as Error));
            asked.resolve();
          }),
      },
    });
    const running = run(task);
    await asked.promise;
    await store.requestCancel(scope, task.publicId);
    expect(await running).toMatchObject({ outcome: 'cancelled' });
    expect((await stateOf(task)).assets.map(({ role }) => role)).not.toContain('result');
  });

  it('fetches, generates, stores, probes, and succeeds once', async () => {
    const task = await aQueuedTask({ parameters: { fps: 25, steps: 4 } });
    expect(await run(task)).toEqual({ outcome: 'succeeded' });
    const done = await stateOf(task);
    expect(done).toMatchObject({
      state: 'succeeded',
      progress: 1,
      message: 'Not used by this model: steps.',
    });
    expect(engine.runs[0]!.job.parameters).toEqual({ fps: 25 });
    expect(engine.runs[0]!.inputs.get('image')).toEqual(samplePng());
    // What the result is, for the estimates of later tasks; the steps did nothing.
    const [past] = await store.recentRuns(task.kind, task.model);
    expect(past!.work).toEqual({ megapixels: 0.262144, frames: 50 });
    expect(done.assets.find(({ role }) => role === 'image')).toMatchObject({
      sourceUrl: portraitUrl,
      objectKey: `inputs/${task.id}/image`,
      mediaType: 'image/png',
    });
    expect(done.assets.find(({ role }) => role === 'result')).toMatchObject({
      objectKey: `results/${task.id}/1/video.mp4`,
      bytes: 7,
      facts: { width: 512, durationSeconds: 2 },
    });
    expect(objects.bytesOf(`results/${task.id}/1/video.mp4`).toString()).toBe('a video');
    expect(objects.bytesOf(`results/${task.id}/1/poster.jpg`).toString()).toBe('a poster');
    expect(events.published.at(-1)).toEqual({ taskId: task.id, type: 'ended' });
    expect(intake.undiscarded).toBe(0);
  });

  it('leaves masks out that the model has no use for, and says so', async () => {
    const task = await aQueuedTask();
    const masked = await aQueuedTask({
      parameters: {},
      assets: [...task.assets, { role: 'mask2', sourceUrl: portraitUrl }],
    });
    await run(masked);
    expect(await stateOf(masked)).toMatchObject({
      state: 'succeeded',
      message: 'Not used by this model: mask2.',
    });
    expect([...engine.runs.at(-1)!.inputs.keys()]).not.toContain('mask2');
  });

  it('keeps the poster and the mask the engine made', async () => {
    engine.play([
      accepted,
      ...output('result', 'video/mp4', Buffer.from('vid'), Buffer.from('eo')),
      ...output('mask', 'video/mp4', Buffer.from('mask')),
      ...output('poster', 'image/jpeg', Buffer.from('own')),
      completed('No face was found.'),
    ]);
    const task = await aQueuedTask();
    await run(task);
    const done = await stateOf(task);
    expect(done.message).toContain('No face was found.');
    expect(done.assets.map(({ role }) => role)).toEqual(
      expect.arrayContaining(['result', 'mask_result', 'poster']),
    );
    expect(objects.bytesOf(`results/${task.id}/1/video.mp4`).toString()).toBe('video');
    expect(objects.bytesOf(`results/${task.id}/1/poster.jpg`).toString()).toBe('own');
  });

  it('writes progress to the row, sends previews, and frees the slot before the upload has ended', async () => {
    const seen = Promise.withResolvers<void>();
    engine.play([
      accepted,
      generating(0.5, 'half way'),
      { type: 'wait', until: seen.promise },
      emit({ type: 'preview', mediaType: 'image/jpeg', data: Buffer.from('p') }),
      ...output('result', 'video/mp4', Buffer.from('video')),
      completed(),
    ]);
    const probing = Promise.withResolvers<void>();
    runner = aRunner({
      inspector: { ...inspector, probeLink: async () => (await probing.promise, inspector.probeLink('')) },
    });
    const task = await aQueuedTask();
    const slots = new Slots(1);
    const running = run(task, 1, slots);
    await until(async () => (await stateOf(task)).message === 'half way');
    expect(await stateOf(task)).toMatchObject({ state: 'running', stage: 'generating' });
    expect(slots.hasFree()).toBe(false);
    seen.resolve();
    (await slots.acquire())();
    expect((await stateOf(task)).state).toBe('running');
    probing.resolve();
    expect((await running).outcome).toBe('succeeded');
    expect(events.published).toContainEqual({ taskId: task.id, type: 'preview', picture: Buffer.from('p') });
  });
});

describe('the logo clip', () => {
  const logo: LogoAppender = {
    async *append(video) {
      yield* video;
      yield Buffer.from(' + logo');
    },
  };

  it('follows the result of those who asked for it, and nothing else', async () => {
    runner = aRunner({ logo });
    engine.play([
      accepted,
      ...output('result', 'video/mp4', Buffer.from('video')),
      ...output('mask', 'video/mp4', Buffer.from('mask')),
      completed(),
    ]);
    const asked = await aQueuedTask({ extras: { append_logo: true } });
    await run(asked);
    expect(objects.bytesOf(`results/${asked.id}/1/video.mp4`).toString()).toBe('video + logo');
    expect(objects.bytesOf(`results/${asked.id}/1/mask.mp4`).toString()).toBe('mask');
    engine.play(successScript());
    const other = await aQueuedTask();
    await run(other);
    expect(objects.bytesOf(`results/${other.id}/1/video.mp4`).toString()).toBe('a video');
  });

  it('is missed before the engine works for nothing, and another worker may have it', async () => {
    const task = await aQueuedTask({ extras: { append_logo: true } });
    expect(await run(task)).toMatchObject({ outcome: 'retrying', error: { code: 'INTERNAL' } });
    expect(engine.runs).toEqual([]);
  });

  it('leaves nothing behind when it cannot be appended', async () => {
    const broken: LogoAppender = {
      async *append(video) {
        yield* video;
        throw new TaskError('INTERNAL', 'The logo clip could not be appended.');
      },
    };
    runner = aRunner({ logo: broken });
    const task = await aQueuedTask({ extras: { append_logo: true }, maxAttempts: 1 });
    await run(task);
    expect((await stateOf(task)).error).toEqual({
      code: 'INTERNAL',
      text: 'The logo clip could not be appended.',
    });
    expect(await objects.head(`results/${task.id}/1/video.mp4`)).toBeUndefined();
  });
});

describe('claims', () => {
  it('does nothing for a job somebody else has claimed, a cancelled task, or an old attempt', async () => {
    const task = await aQueuedTask();
    expect((await run(task, 2)).outcome).toBe('not-claimed');
    await store.requestCancel(scope, task.publicId);
    expect((await run(task)).outcome).toBe('not-claimed');
    expect(engine.runs).toEqual([]);
  });

  it('fetches inputs while the slot is taken, but claims only when it is free', async () => {
    const slots = new Slots(1);
    const release = await slots.acquire();
    const task = await aQueuedTask();
    const running = run(task, 1, slots);
    await until(async () => intake.received.length === 1);
    expect((await stateOf(task)).state).toBe('queued');
    release();
    expect((await running).outcome).toBe('succeeded');
    expect(intake.received).toHaveLength(1);
  });

  it('drops what it fetched when the task was cancelled while it waited', async () => {
    const slots = new Slots(1);
    const release = await slots.acquire();
    const task = await aQueuedTask();
    const running = run(task, 1, slots);
    await until(async () => intake.received.length === 1);
    await store.requestCancel(scope, task.publicId);
    release();
    expect((await running).outcome).toBe('not-claimed');
    expect(intake.undiscarded).toBe(0);
    expect(slots.hasFree()).toBe(true);
  });
});

describe('a run that fails', () => {
  it.each([
    ['FACE_NOT_DETECTED', 'failed'],
    ['OUT_OF_MEMORY', 'failed'],
    ['ENGINE_LOST', 'queued'],
    ['INTERNAL', 'queued'],
  ] as const)('%s at the engine makes the task %s', async (code, state) => {
    engine.play([
      accepted,
      ...output('result', 'video/mp4', Buffer.from('half')),
      { type: 'fail', error: new TaskError(code) },
    ]);
    const task = await aQueuedTask();
    const report = await run(task);
    expect(report.error?.code).toBe(code);
    const after = await stateOf(task);
    expect(after.state).toBe(state);
    if (state === 'failed') expect(after.error).toMatchObject({ code });
    expect(objects.keys().filter((key) => key.startsWith('results/'))).toEqual([]);
  });

  it('is final after the last attempt', async () => {
    engine.play([{ type: 'fail', error: new TaskError('ENGINE_LOST') }]);
    const task = await aQueuedTask({ maxAttempts: 1 });
    expect((await run(task)).outcome).toBe('failed');
    expect((await stateOf(task)).error?.code).toBe('ENGINE_LOST');
  });

  it('tells an unreachable input and never reaches the engine', async () => {
    intake.failNext(new TaskError('INPUT_UNREACHABLE', 'The server answered 404.'));
    const task = await aQueuedTask();
    await run(task);
    expect((await stateOf(task)).error).toEqual({
      code: 'INPUT_UNREACHABLE',
      text: 'image: The server answered 404.',
    });
    expect(engine.runs).toEqual([]);
    expect(intake.undiscarded).toBe(0);
  });

  it('keeps what was fetched although another input failed, so that the user sees which one', async () => {
    const task = await aQueuedTask({
      assets: [
        { role: 'image', sourceUrl: portraitUrl },
        { role: 'audio', sourceUrl: 'https://media.example.com/gone.wav' },
      ],
    });
    await run(task);
    const { assets, error } = await stateOf(task);
    expect(error?.text).toMatch(/^audio: /);
    expect(assets.map(({ role, objectKey }) => [role, objectKey !== undefined])).toEqual([
      ['image', true],
      ['audio', false],
    ]);
  });

  it('refuses a result that cannot be played', async () => {
    runner = aRunner({ inspector: { ...inspector, probeLink: async () => ({}) } });
    const task = await aQueuedTask({ maxAttempts: 1 });
    await run(task);
    expect((await stateOf(task)).error?.code).toBe('INTERNAL');
    expect(objects.keys().filter((key) => key.startsWith('results/'))).toEqual([]);
  });

  it('counts a silent engine as lost', async () => {
    engine.play([accepted, { type: 'hang' }]);
    runner = aRunner({ silenceSeconds: 0.01 });
    const task = await aQueuedTask({ maxAttempts: 1 });
    await run(task);
    expect((await stateOf(task)).error).toMatchObject({ code: 'ENGINE_LOST' });
    expect(await engine.runs[0]!.ended).toBe('cancelled');
  });

  it('ends a run that takes longer than its execution timeout', async () => {
    engine.play([accepted, { type: 'hang' }]);
    const task = await aQueuedTask({ executionTimeoutSeconds: 0.01 });
    await run(task);
    expect((await stateOf(task)).error?.code).toBe('EXECUTION_TIMEOUT');
  });
});

describe('cancel and loss', () => {
  it('stops the engine when the user cancels, and the cancel wins over its error', async () => {
    engine.play([accepted, { type: 'hang' }]);
    const task = await aQueuedTask();
    const started = engine.nextRun();
    const running = run(task);
    const job = await started;
    expect(await store.requestCancel(scope, task.publicId)).toBe('requested');
    expect((await running).outcome).toBe('cancelled');
    expect(await job.ended).toBe('cancelled');
    expect((await stateOf(task)).state).toBe('cancelled');
  });

  it('writes nothing when its attempt was taken over', async () => {
    const clock = new ManualClock();
    store = new MemoryTaskStore(clock.now);
    runner = aRunner();
    engine.play([accepted, { type: 'hang' }]);
    const task = await aQueuedTask();
    const started = engine.nextRun();
    const running = run(task);
    await started;
    clock.advance(60);
    expect((await store.reclaimLostLeases()).requeued).toEqual([task.id]);
    expect((await running).outcome).toBe('lost');
    expect((await stateOf(task)).state).toBe('queued');
  });

  it('hands the job back when the worker is stopped', async () => {
    engine.play([accepted, { type: 'hang' }], successScript());
    const task = await aQueuedTask();
    const stop = new AbortController();
    const started = engine.nextRun();
    const running = run(task, 1, new Slots(1), stop.signal);
    await started;
    stop.abort();
    expect((await running).outcome).toBe('retrying');
    expect((await stateOf(task)).state).toBe('queued');
  });
});

/** Waits for a condition that other promises bring about. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}
