import { describe, expect, it } from 'vitest';
import type { ParameterDescription } from '../ports/engine.js';
import { checkParameterRanges, parametersFor } from './engine-parameters.js';

const describe1 = (over: Partial<ParameterDescription>): ParameterDescription => ({
  name: 'steps',
  type: 'integer',
  choices: [],
  description: '',
  ...over,
});

describe('parametersFor', () => {
  it('splits what the model has from what it does not, and drops absent ones', () => {
    const kind = { parameters: [describe1({ name: 'seed' })] };
    expect(parametersFor(kind, { seed: 1, steps: 4, fps: undefined })).toEqual({
      used: { seed: 1 },
      unused: ['steps'],
    });
  });
});

describe('checkParameterRanges', () => {
  it.each([
    [{ minimum: 1 }, 0, 'steps must be at least 1'],
    [{ maximum: 8 }, 9, 'steps must be at most 8'],
    [{}, 1.5, 'steps must be a whole number'],
    [{}, 'many', 'steps must be a integer'],
    [{ type: 'string', choices: ['a', 'b'] }, 'c', 'steps must be one of a, b'],
    [{ type: 'boolean' }, 1, 'steps must be a boolean'],
  ] as const)('%j refuses %j', (over, value, message) => {
    const kind = { parameters: [describe1(over)] };
    expect(() => checkParameterRanges(kind, { steps: value as number })).toThrow(message);
  });

  it('accepts values at the bounds and absent ones', () => {
    const kind = { parameters: [describe1({ minimum: 1, maximum: 8 })] };
    for (const steps of [1, 8, undefined]) expect(() => checkParameterRanges(kind, { steps })).not.toThrow();
  });
});
