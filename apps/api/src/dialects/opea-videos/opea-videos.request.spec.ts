import { describe, expect, it } from 'vitest';
import { fieldsOfForm, languageOf, wordsOf } from './opea-videos.request.js';

it('reads forms: only audio repeats', () => {
  const lists = { prompt: ['a', 'b'], 'audio[]': ['u1', 'u2'] };
  expect(fieldsOfForm({ fields: { prompt: 'b', 'audio[]': 'u2' }, lists })).toEqual({
    prompt: 'b',
    'audio[]': ['u1', 'u2'],
  });
});

describe('negotiation', () => {
  it.each([
    ['/v1/videos', {}, 'opea'],
    ['/openai/v1/videos', {}, 'openai'],
    ['/v1/videos', { 'x-stainless-lang': 'js' }, 'openai'],
  ])('%s %j: %s', (path, headers, words) => {
    expect(wordsOf(path, headers)).toBe(words);
  });

  it.each([
    [undefined, 'en'],
    ['*', 'en'],
    ['zh-CN,zh;q=0.9,en;q=0.8', 'zh'],
    ['en;q=0.5, zh', 'zh'],
    ['en,zh;q=0.9', 'en'],
    ['zh;q=0', 'en'],
  ])('%s: %s', (header, language) => {
    expect(languageOf({ 'accept-language': header })).toBe(language);
  });
});
