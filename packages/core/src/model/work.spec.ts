import { describe, expect, it } from 'vitest';
import type { ParameterDescription } from '../ports/engine.js';
import type { Asset, MediaFacts } from './asset.js';
import type { GenerationParameters } from './generation-parameters.js';
import type { TaskKind } from './task-kind.js';
import { doneWork, expectedWork } from './work.js';

const described = (defaults: Record<string, number | string | undefined>) => ({
  parameters: Object.entries(defaults).map(([name, defaultValue]): ParameterDescription => ({
    name,
    type: 'number',
    choices: [],
    description: '',
    ...(defaultValue !== undefined && { defaultValue }),
  })),
});

const asset = (role: Asset['role'], facts?: MediaFacts): Asset => ({
  role,
  objectKey: 'x',
  ...(facts && { facts }),
});
const task = (kind: TaskKind, parameters: GenerationParameters, ...assets: Asset[]) => ({
  kind,
  parameters,
  assets,
});

describe('expectedWork', () => {
  const wan = described({ width: 800, height: 500, frames: 81, seconds: undefined, fps: 16, steps: 40 });

  it.each<[GenerationParameters, object]>([
    [{}, { megapixels: 0.4, frames: 81, steps: 40 }],
    [
      { width: 1000, height: 1000, frames: 10, steps: 4 },
      { megapixels: 1, frames: 10, steps: 4 },
    ],
    [{ seconds: 2 }, { megapixels: 0.4, frames: 32, steps: 40 }],
    [{ seconds: NaN, steps: -1, width: Infinity }, {}],
  ])('of %j is what was asked for over the defaults', (parameters, expected) => {
    expect(expectedWork(task('t2v', parameters), wan)).toEqual(expected);
  });

  it('leaves out what the model does not have or nobody knows', () => {
    expect(expectedWork(task('t2v', { steps: 40 }), described({ fps: 25 }))).toEqual({});
    expect(expectedWork(task('t2v', { steps: 40, seconds: 2 }), undefined)).toEqual({ steps: 40 });
  });

  it.each([
    ['para', 5 * 25],
    ['add', 8 * 25],
  ] as const)('of a talking video follows its sounds (%s)', (mode, frames) => {
    const sounds = [asset('audio', { durationSeconds: 3 }), asset('audio2', { durationSeconds: 5 })];
    expect(expectedWork(task('talk', { audio_mode: mode }, ...sounds), undefined)).toEqual({ frames });
  });

  it('of a talking video is cut to the asked length, and unknown while a sound is', () => {
    const sound = asset('audio', { durationSeconds: 60 });
    const frames = (parameters: GenerationParameters, ...assets: Asset[]) =>
      expectedWork(task('talk', parameters, ...assets), undefined).frames;
    expect(frames({ seconds: 4, fps: 10 }, sound)).toBe(40);
    expect(frames({ seconds: 4, fps: 10 }, asset('audio'))).toBe(40);
    expect(frames({}, sound, asset('audio2'))).toBeUndefined();
    expect(frames({ resolution: '480p' }, asset('audio'))).toBeUndefined();
    expect(expectedWork(task('talk', { resolution: '480p' }), undefined).megapixels).toBeCloseTo(0.41, 2);
  });

  it('of a lip-sync follows the sound, at the rate and size of the video', () => {
    const video = asset('video', { durationSeconds: 9, fps: 30, width: 100, height: 100 });
    const sound = asset('audio', { durationSeconds: 2 });
    expect(expectedWork(task('lipsync', { steps: 20 }, video, sound), undefined)).toEqual({
      megapixels: expect.closeTo(0.01) as number,
      frames: 60,
      steps: 20,
    });
  });
});

describe('doneWork', () => {
  it('is what the result is and what the engine used', () => {
    const result = { width: 1000, height: 500, durationSeconds: 2, fps: 25 };
    expect(doneWork(result, { steps: 4 })).toEqual({ megapixels: 0.5, frames: 50, steps: 4 });
    expect(doneWork({ durationSeconds: 2 }, { fps: 10 })).toEqual({ frames: 20 });
    expect(doneWork(undefined, {})).toEqual({});
  });
});
