import { describe, expect, it } from 'vitest';
import { decodeNews, encodeNews, pictureLimit } from './news-codec.js';

describe('news codec', () => {
  it('keeps every byte of a picture, line feeds included', () => {
    const picture = Uint8Array.from({ length: 512 }, (_, at) => at % 256);
    expect(decodeNews('t', encodeNews({ taskId: 't', type: 'preview', picture }))).toEqual({
      taskId: 't',
      type: 'preview',
      picture,
    });
  });

  it.each(['progress', 'ended'] as const)('has no picture with %s', (type) => {
    expect(decodeNews('t', encodeNews({ taskId: 't', type }))).toEqual({ taskId: 't', type });
  });

  it('refuses a picture over the limit', () => {
    const picture = new Uint8Array(pictureLimit + 1);
    expect(() => encodeNews({ taskId: 't', type: 'preview', picture })).toThrow(RangeError);
  });

  it.each(['', 'progress', 'restarted\n', '\n'])('ignores %j', (text) => {
    expect(decodeNews('t', Buffer.from(text))).toBeUndefined();
  });
});
