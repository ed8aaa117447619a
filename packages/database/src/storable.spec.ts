import { expect, it } from 'vitest';
import { storableJson, storableText } from './storable.js';

it.each([
  ['plain', 'plain'],
  ['说话 😀', '说话 😀'],
  ['a\0b', 'a\uFFFDb'],
  ['half \uD800', 'half \uFFFD'],
  ['\uDC00 half', '\uFFFD half'],
])('makes %j storable', (text, expected) => {
  expect(storableText(text)).toBe(expected);
});

it('cleans text at every depth of JSON and nothing else', () => {
  const value = { list: ['a\0', 1, null, true], inner: { text: '\uD800' } };
  expect(JSON.parse(storableJson(value))).toEqual({
    list: ['a\uFFFD', 1, null, true],
    inner: { text: '\uFFFD' },
  });
});
