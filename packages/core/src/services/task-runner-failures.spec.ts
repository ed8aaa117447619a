import { accepted, output, successScript } from '@polyreel/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { inspector, portraitUrl, RunnerRig, scope } from '../../test/runner-rig.js';
import { TaskError } from '../model/task-error.js';
import { Slots } from './slots.js';

let rig: RunnerRig;
beforeEach(() => {
  rig = new RunnerRig();
});

describe('a run that fails', () => {
  it.each([
    ['FACE_NOT_DETECTED', 'failed'],
    ['OUT_OF_MEMORY', 'failed'],
    ['ENGINE_LOST', 'queued'],
    ['INTERNAL', 'queued'],
  ] as const)('%s at the engine makes the task %s', async (code, state) => {
    rig.engine.play([
      accepted,
      ...output('result', 'video/mp4', Buffer.from('half')),
      { type: 'fail', error: new TaskError(code) },
    ]);
    const task = await rig.aQueuedTask();
    const report = await rig.run(task);
    expect(report.error?.code).toBe(code);
    const after = await rig.stateOf(task);
    expect(after.state).toBe(state);
    if (state === 'failed') expect(after.error).toMatchObject({ code });
    expect(rig.objects.keys().filter((key) => key.startsWith('results/'))).toEqual([]);
  });

  it('is final after the last attempt', async () => {
    rig.engine.play([{ type: 'fail', error: new TaskError('ENGINE_LOST') }]);
    const task = await rig.aQueuedTask({ maxAttempts: 1 });
    expect((await rig.run(task)).outcome).toBe('failed');
    expect((await rig.stateOf(task)).error?.code).toBe('ENGINE_LOST');
  });

  it('tells an unreachable input and never reaches the engine', async () => {
    rig.intake.failNext(new TaskError('INPUT_UNREACHABLE', 'The server answered 404.'));
    const task = await rig.aQueuedTask();
    await rig.run(task);
    expect((await rig.stateOf(task)).error).toEqual({
      code: 'INPUT_UNREACHABLE',
      text: 'image: The server answered 404.',
    });
    expect(rig.engine.runs).toEqual([]);
    expect(rig.intake.undiscarded).toBe(0);
  });

  it('keeps what was fetched although another input failed, so that the user sees which one', async () => {
    const task = await rig.aQueuedTask({
      assets: [
        { role: 'image', sourceUrl: portraitUrl },
        { role: 'audio', sourceUrl: 'https://media.example.com/gone.wav' },
      ],
    });
    await rig.run(task);
    const { assets, error } = await rig.stateOf(task);
    expect(error?.text).toMatch(/^audio: /);
    expect(assets.map(({ role, objectKey }) => [role, objectKey !== undefined])).toEqual([
      ['image', true],
      ['audio', false],
    ]);
  });

  it('refuses a result that cannot be played', async () => {
    rig.useRunnerWith({ inspector: { ...inspector, probeLink: async () => ({}) } });
    const task = await rig.aQueuedTask({ maxAttempts: 1 });
    await rig.run(task);
    expect((await rig.stateOf(task)).error?.code).toBe('INTERNAL');
    expect(rig.objects.keys().filter((key) => key.startsWith('results/'))).toEqual([]);
  });

  it('counts a silent engine as lost', async () => {
    rig.engine.play([accepted, { type: 'hang' }]);
    rig.useRunnerWith({ silenceSeconds: 0.2 });
    const task = await rig.aQueuedTask({ maxAttempts: 1 });
    await rig.run(task);
    expect((await rig.stateOf(task)).error).toMatchObject({ code: 'ENGINE_LOST' });
    expect(await rig.engine.runs[0]!.ended).toBe('cancelled');
  });

  it('ends a run that takes longer than its execution timeout', async () => {
    rig.engine.play([accepted, { type: 'hang' }]);
    const task = await rig.aQueuedTask({ executionTimeoutSeconds: 0.01 });
    await rig.run(task);
    expect((await rig.stateOf(task)).error?.code).toBe('EXECUTION_TIMEOUT');
  });
});

describe('cancel and loss', () => {
  it('stops the engine when the user cancels, and the cancel wins over its error', async () => {
    rig.engine.play([accepted, { type: 'hang' }]);
    const task = await rig.aQueuedTask();
    const started = rig.engine.nextRun();
    const running = rig.run(task);
    const job = await started;
    expect(await rig.store.requestCancel(scope, task.publicId)).toBe('requested');
    expect((await running).outcome).toBe('cancelled');
    expect(await job.ended).toBe('cancelled');
    expect((await rig.stateOf(task)).state).toBe('cancelled');
  });

  it('writes nothing when its attempt was taken over', async () => {
    rig.engine.play([accepted, { type: 'hang' }]);
    const task = await rig.aQueuedTask();
    const started = rig.engine.nextRun();
    const running = rig.run(task);
    await started;
    rig.clock.advance(60);
    expect((await rig.store.reclaimLostLeases()).requeued).toEqual([task.id]);
    expect((await running).outcome).toBe('lost');
    expect((await rig.stateOf(task)).state).toBe('queued');
  });

  it('hands the job back when the worker is stopped', async () => {
    rig.engine.play([accepted, { type: 'hang' }], successScript());
    const task = await rig.aQueuedTask();
    const stop = new AbortController();
    const started = rig.engine.nextRun();
    const running = rig.run(task, 1, new Slots(1), stop.signal);
    await started;
    stop.abort();
    expect((await running).outcome).toBe('retrying');
    expect((await rig.stateOf(task)).state).toBe('queued');
  });
});
