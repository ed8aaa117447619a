import { accepted, completed, emit, generating, output, samplePng } from '@polyreel/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { inspector, portraitUrl, RunnerRig, scope, until } from '../../test/runner-rig.js';
import { Slots } from './slots.js';

let rig: RunnerRig;
beforeEach(() => {
  rig = new RunnerRig();
});

describe('a run that goes well', () => {
  it('tells where a copy of the result lies, and what became of the wish for one', async () => {
    const copy = { role: 'copy', sourceUrl: 'https://bucket.example/b/job.mp4' } as const;
    const task = await rig.aQueuedTask();
    rig.useRunnerWith({ copier: { copy: async () => ({ copy }) } });
    expect(await rig.run(task)).toEqual({ outcome: 'succeeded' });
    expect((await rig.stateOf(task)).assets).toContainEqual(copy);
    const another = await rig.aQueuedTask();
    rig.useRunnerWith({ copier: { copy: async () => ({ note: 'Not copied.' }) } });
    expect(await rig.run(another)).toEqual({ outcome: 'succeeded' });
    const done = await rig.stateOf(another);
    expect(done).toMatchObject({
      state: 'succeeded',
      message: expect.stringMatching(/Not copied\.$/) as string,
    });
    expect(done.assets.map(({ role }) => role)).not.toContain('copy');
  });

  it('copies nothing when it is cancelled meanwhile', async () => {
    const task = await rig.aQueuedTask();
    const asked = Promise.withResolvers<void>();
    rig.useRunnerWith({
      copier: {
        copy: (_task, _result, signal) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason as Error));
            asked.resolve();
          }),
      },
    });
    const running = rig.run(task);
    await asked.promise;
    await rig.store.requestCancel(scope, task.publicId);
    expect(await running).toMatchObject({ outcome: 'cancelled' });
    expect((await rig.stateOf(task)).assets.map(({ role }) => role)).not.toContain('result');
  });

  it('fetches, generates, stores, probes, and succeeds once', async () => {
    const task = await rig.aQueuedTask({ parameters: { fps: 25, steps: 4 } });
    expect(await rig.run(task)).toEqual({ outcome: 'succeeded' });
    const done = await rig.stateOf(task);
    expect(done).toMatchObject({
      state: 'succeeded',
      progress: 1,
      message: 'Not used by this model: steps.',
    });
    expect(rig.engine.runs[0]!.job.parameters).toEqual({ fps: 25 });
    expect(rig.engine.runs[0]!.inputs.get('image')).toEqual(samplePng());
    // What the result is, for the estimates of later tasks; the steps did nothing.
    const [past] = await rig.store.recentRuns(task.kind, task.model);
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
    expect(rig.objects.bytesOf(`results/${task.id}/1/video.mp4`).toString()).toBe('a video');
    expect(rig.objects.bytesOf(`results/${task.id}/1/poster.jpg`).toString()).toBe('a poster');
    expect(rig.events.published.at(-1)).toEqual({ taskId: task.id, type: 'ended' });
    expect(rig.intake.undiscarded).toBe(0);
  });

  it('leaves masks out that the model has no use for, and says so', async () => {
    const task = await rig.aQueuedTask();
    const masked = await rig.aQueuedTask({
      parameters: {},
      assets: [...task.assets, { role: 'mask2', sourceUrl: portraitUrl }],
    });
    await rig.run(masked);
    expect(await rig.stateOf(masked)).toMatchObject({
      state: 'succeeded',
      message: 'Not used by this model: mask2.',
    });
    expect([...rig.engine.runs.at(-1)!.inputs.keys()]).not.toContain('mask2');
  });

  it('keeps the poster and the mask the engine made', async () => {
    rig.engine.play([
      accepted,
      ...output('result', 'video/mp4', Buffer.from('vid'), Buffer.from('eo')),
      ...output('mask', 'video/mp4', Buffer.from('mask')),
      ...output('poster', 'image/jpeg', Buffer.from('own')),
      completed('No face was found.'),
    ]);
    const task = await rig.aQueuedTask();
    await rig.run(task);
    const done = await rig.stateOf(task);
    expect(done.message).toContain('No face was found.');
    expect(done.assets.map(({ role }) => role)).toEqual(
      expect.arrayContaining(['result', 'mask_result', 'poster']),
    );
    expect(rig.objects.bytesOf(`results/${task.id}/1/video.mp4`).toString()).toBe('video');
    expect(rig.objects.bytesOf(`results/${task.id}/1/poster.jpg`).toString()).toBe('own');
  });

  it('uploads a result while the engine makes it, with progress in between', async () => {
    const taken = Promise.withResolvers<void>();
    const arrived: string[] = [];
    const upload = rig.objects.upload.bind(rig.objects);
    rig.objects.upload = (key, content, options) =>
      upload(
        key,
        (async function* () {
          for await (const piece of content) {
            if (key.endsWith('/video.mp4')) {
              arrived.push(Buffer.from(piece).toString());
              taken.resolve();
            }
            yield piece;
          }
        })(),
        options,
      );
    rig.engine.play([
      accepted,
      ...output('poster', 'image/jpeg', Buffer.from('own')),
      ...output('result', 'video/mp4', Buffer.from('first chunk, ')),
      // The second chunk is made only after the first one is on its way into the store.
      { type: 'wait', until: taken.promise },
      generating(0.5, 'chunk 2 of 2'),
      emit({ type: 'output-chunk', data: Buffer.from('second chunk') }),
      completed(),
    ]);
    const task = await rig.aQueuedTask();
    expect((await rig.run(task)).outcome).toBe('succeeded');
    expect(arrived).toEqual(['first chunk, ', 'second chunk']);
    expect(rig.objects.bytesOf(`results/${task.id}/1/video.mp4`).toString()).toBe(
      'first chunk, second chunk',
    );
  });

  it('writes progress to the row, sends previews, and frees the slot before the upload has ended', async () => {
    const seen = Promise.withResolvers<void>();
    rig.engine.play([
      accepted,
      generating(0.5, 'half way', 40),
      { type: 'wait', until: seen.promise },
      emit({ type: 'preview', mediaType: 'image/jpeg', data: Buffer.from('p') }),
      ...output('result', 'video/mp4', Buffer.from('video')),
      completed(),
    ]);
    const probing = Promise.withResolvers<void>();
    rig.useRunnerWith({
      inspector: { ...inspector, probeLink: async () => (await probing.promise, inspector.probeLink('')) },
    });
    const task = await rig.aQueuedTask();
    const slots = new Slots(1);
    const running = rig.run(task, 1, slots);
    await until(async () => (await rig.stateOf(task)).message === 'half way');
    const now = await rig.stateOf(task);
    expect(now).toMatchObject({ state: 'running', stage: 'generating' });
    expect(now.expectedEndAt!.getTime()).toBeGreaterThan(now.startedAt!.getTime() + 30_000);
    expect(slots.hasFree()).toBe(false);
    seen.resolve();
    (await slots.acquire())();
    expect((await rig.stateOf(task)).state).toBe('running');
    probing.resolve();
    expect((await running).outcome).toBe('succeeded');
    expect(rig.events.published).toContainEqual({
      taskId: task.id,
      type: 'preview',
      picture: Buffer.from('p'),
    });
  });
});

describe('claims', () => {
  it('does nothing for a job somebody else has claimed, a cancelled task, or an old attempt', async () => {
    const task = await rig.aQueuedTask();
    expect((await rig.run(task, 2)).outcome).toBe('not-claimed');
    await rig.store.requestCancel(scope, task.publicId);
    expect((await rig.run(task)).outcome).toBe('not-claimed');
    expect(rig.engine.runs).toEqual([]);
  });

  it('fetches inputs while the slot is taken, but claims only when it is free', async () => {
    const slots = new Slots(1);
    const release = await slots.acquire();
    const task = await rig.aQueuedTask();
    const running = rig.run(task, 1, slots);
    await until(async () => rig.intake.received.length === 1);
    expect((await rig.stateOf(task)).state).toBe('queued');
    release();
    expect((await running).outcome).toBe('succeeded');
    expect(rig.intake.received).toHaveLength(1);
  });

  it('drops what it fetched when the task was cancelled while it waited', async () => {
    const slots = new Slots(1);
    const release = await slots.acquire();
    const task = await rig.aQueuedTask();
    const running = rig.run(task, 1, slots);
    await until(async () => rig.intake.received.length === 1);
    await rig.store.requestCancel(scope, task.publicId);
    release();
    expect((await running).outcome).toBe('not-claimed');
    expect(rig.intake.undiscarded).toBe(0);
    expect(slots.hasFree()).toBe(true);
  });
});
