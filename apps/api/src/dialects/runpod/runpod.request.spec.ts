import { describe, expect, it } from 'vitest';
import { models } from '../../../test/runpod-requests.js';
import { ApiError } from '../../http/api-error.js';
import { checkedName, endpointOf, secondsToLive } from './runpod.request.js';

describe('endpoints', () => {
  it.each([
    ['infinitetalk', 'talk'],
    ['latentsync', 'lipsync'],
    ['wan-t2v', 't2v'],
    ['wan-i2v', 'i2v'],
    ['t2v', 't2v'],
    ['4abc1xyz0_-', 'talk'],
    ['constructor', 'talk'],
  ])('%s makes %s', (name, kind) => {
    const model = models[kind as keyof typeof models];
    expect(endpointOf(name, undefined, models)).toEqual({ name, kind, model, defaults: {} });
  });

  it('are what the operator says, also under a name with a meaning', () => {
    const named = { name: 'talk', kind: 't2v', model: 'wan-large', defaults: { steps: 4 } } as const;
    expect(endpointOf('talk', named, models)).toBe(named);
  });

  it.each(['', 'a b', 'a/b', '..', 'ü', 'x'.repeat(65)])('refuses %j', (name) => {
    expect(() => checkedName(name)).toThrow(ApiError);
  });
});

describe('a time to live in a query', () => {
  it('is for keys that may write', () => {
    expect(secondsToLive(6_000, { mayWrite: true })).toBe(6);
    expect(() => secondsToLive(6_000, { mayWrite: false })).toThrow(ApiError);
  });
});
