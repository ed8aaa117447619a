import fc from 'fast-check';
import { expect, it } from 'vitest';
import { displayName } from './display-name.js';

it.each([
  ['portrait.png', 'portrait.png'],
  ['my "best" photo\'s copy.png', 'my "best" photo\'s copy.png'],
  ['../../etc/passwd', 'passwd'],
  ['C:\\Users\\me\\face.jpg', 'face.jpg'],
  ['a\u0000b\r\nc\u001b[31m.png', 'abc[31m.png'],
  ['photo\u202egpj.exe', 'photogpj.exe'],
  ['  名前.wav ', '名前.wav'],
])('shows %j as %j', (name, shown) => {
  expect(displayName(name)).toBe(shown);
});

it.each([undefined, '', '..', 'folder/', '\u0007'])('has nothing to show of %j', (name) => {
  expect(displayName(name)).toBeUndefined();
});

it('never shows controls, folders or more than 255 characters', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (name) => {
      const shown = displayName(name) ?? 'x';
      expect(shown.length).toBeGreaterThan(0);
      expect(shown.length).toBeLessThanOrEqual(255);
      expect(shown).not.toMatch(/[\p{Cc}/\\]/u);
      expect(shown.isWellFormed()).toBe(true);
    }),
    { numRuns: 40, seed: 1 },
  );
});
