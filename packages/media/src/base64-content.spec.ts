import { TaskError } from '@polyreel/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase64, readDataHeader } from './base64-content.js';

const decoded = (text: string): Buffer =>
  Buffer.concat([...decodeBase64(text, readDataHeader(text).payload)]);

describe('data headers', () => {
  it.each([
    'data:image/png;base64,aGVsbG8=',
    'DATA:image/png;BASE64,aGVsbG8=',
    'data:audio/x-wav;base64,aGVsbG8=',
    'data:image/svg+xml;charset=utf-8;base64,aGVsbG8=',
    'data:;base64,aGVsbG8=',
    'data:image/png;name="a,b;c.png";base64,aGVsbG8=',
    '  data:video/mp4; base64 ,aGVsbG8=',
    'aGVsbG8=',
    '\naGVsbG8',
  ])('reads %j', (text) => {
    expect(decoded(text).toString()).toBe('hello');
  });

  it.each([
    ['data:image/png;name=face%20one.png;base64,AA==', 'face one.png'],
    ['data:image/png;name="a,b.png";base64,AA==', 'a,b.png'],
    ['data:image/png;name=%E0%A4%A;base64,AA==', '%E0%A4%A'],
    ['data:image/png;base64,AA==', undefined],
  ])('finds the file name in %j', (text, name) => {
    expect(readDataHeader(text).fileName).toBe(name);
  });

  it.each([
    '',
    '   ',
    'data:image/png',
    'data:image/png,hello',
    'data:image/png;base64',
    `data:${'x'.repeat(5000)},AA==`,
  ])('refuses %j', (text) => {
    expect(() => readDataHeader(text)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  });
});

describe('payloads', () => {
  it.each([
    ['a\r\nGV\tsb G8=', 'hello'],
    ['aGVsbG8', 'hello'],
    ['aGVsbA', 'hell'],
    ['aGVsbA==', 'hell'],
    ['aGVsbA=\n=', 'hell'],
  ])('decodes %j', (text, content) => {
    expect(decoded(text).toString()).toBe(content);
  });

  it('reads the URL-safe alphabet', () => {
    expect(decoded('-_-_')).toEqual(decoded('+/+/'));
  });

  it.each(['a', 'aGVsbG8=x', 'aGVsbA=', 'aGVsbG8==', '====', '/inputs/face.png', 'aGV%73bG8=', 'aé=='])(
    'refuses %j',
    (text) => {
      expect(() => decoded(text)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
    },
  );

  it('refuses "=" in the middle without looking back for the end again and again', () => {
    // Quadratic, these would take half a minute.
    const text = '='.repeat(65_535) + 'A';
    for (let round = 0; round < 20; round++) expect(() => decoded(text)).toThrow('characters other than');
  });

  it('decodes slice by slice', () => {
    const content = Buffer.alloc(300_000, 'polyreel');
    const slices = [...decodeBase64(content.toString('base64'), 0)];
    expect(slices.length).toBeGreaterThan(4);
    expect(Buffer.concat(slices).equals(content)).toBe(true);
  });

  it('gives back any bytes, however they are broken into lines', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 400 }),
        fc.integer({ min: 1, max: 90 }),
        (bytes, width) => {
          const lines = Buffer.from(bytes)
            .toString('base64')
            .replace(new RegExp(`.{${width}}`, 'g'), '$&\n');
          expect(decoded(lines).equals(Buffer.from(bytes))).toBe(true);
        },
      ),
      { seed: 1 },
    );
  });

  it('throws nothing but TaskError', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `data:${text}`),
        ),
        (text) => {
          try {
            decoded(text);
          } catch (error) {
            expect(error).toBeInstanceOf(TaskError);
          }
        },
      ),
      { seed: 1 },
    );
  });
});
