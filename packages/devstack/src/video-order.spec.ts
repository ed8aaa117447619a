import { expect, it } from 'vitest';
import { readOptions } from '../bootstrap/options.mjs';
import { orderOf } from './video-order.js';

const first = { made: false, foreignEngines: false };
const order = (words: string[], facts = first) => orderOf(readOptions(words, '/'), '/data', facts);

it('is the sample on the first start, and on later ones when it is asked for', () => {
  expect(order([])).toMatchObject({
    title: expect.stringContaining('sample') as string,
    out: '/data/sample.mp4',
  });
  expect(order([], { ...first, made: true })).toBeUndefined();
  for (const words of [['--once'], ['--out', 'a.mp4']])
    expect(order(words, { ...first, made: true })).toBeDefined();
  expect(order(['--no-sample'])).toBeUndefined();
});

it('is nothing on engines of the operator until it is asked for', () => {
  const foreign = { made: false, foreignEngines: true };
  expect(order([], foreign)).toBeUndefined();
  expect(order(['--once'], foreign)).toBeDefined();
  expect(order(['--prompt', 'waves'], foreign)).toMatchObject({
    title: 'Your video',
    inputs: { prompt: 'waves' },
  });
});
