import { accepted, completed, output, successScript } from '@polyreel/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { RunnerRig } from '../../test/runner-rig.js';
import { TaskError } from '../model/task-error.js';
import type { LogoAppender } from '../ports/logo-appender.js';

let rig: RunnerRig;
beforeEach(() => {
  rig = new RunnerRig();
});

describe('the logo clip', () => {
  const logo: LogoAppender = {
    async *append(video) {
      yield* video;
      yield Buffer.from(' + logo');
    },
  };

  it('follows the result of those who asked for it, and nothing else', async () => {
    rig.useRunnerWith({ logo });
    rig.engine.play([
      accepted,
      ...output('result', 'video/mp4', Buffer.from('video')),
      ...output('mask', 'video/mp4', Buffer.from('mask')),
      completed(),
    ]);
    const asked = await rig.aQueuedTask({ extras: { append_logo: true } });
    await rig.run(asked);
    expect(rig.objects.bytesOf(`results/${asked.id}/1/video.mp4`).toString()).toBe('video + logo');
    expect(rig.objects.bytesOf(`results/${asked.id}/1/mask.mp4`).toString()).toBe('mask');
    rig.engine.play(successScript());
    const other = await rig.aQueuedTask();
    await rig.run(other);
    expect(rig.objects.bytesOf(`results/${other.id}/1/video.mp4`).toString()).toBe('a video');
  });

  it('is missed before the engine works for nothing, and another worker may have it', async () => {
    const task = await rig.aQueuedTask({ extras: { append_logo: true } });
    expect(await rig.run(task)).toMatchObject({ outcome: 'retrying', error: { code: 'INTERNAL' } });
    expect(rig.engine.runs).toEqual([]);
  });

  it('leaves nothing behind when it cannot be appended', async () => {
    const broken: LogoAppender = {
      async *append(video) {
        yield* video;
        throw new TaskError('INTERNAL', 'The logo clip could not be appended.');
      },
    };
    rig.useRunnerWith({ logo: broken });
    const task = await rig.aQueuedTask({ extras: { append_logo: true }, maxAttempts: 1 });
    await rig.run(task);
    expect((await rig.stateOf(task)).error).toEqual({
      code: 'INTERNAL',
      text: 'The logo clip could not be appended.',
    });
    expect(await rig.objects.head(`results/${task.id}/1/video.mp4`)).toBeUndefined();
  });
});
