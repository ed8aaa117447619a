import { describe, expect, it } from 'vitest';
import { SecretBox } from './secret-box.js';

const [first, second] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
const box = new SecretBox([first]);
const secret = '{"accessKeyId":"AKIA","secretAccessKey":"s\u00e9cret/+="}';

describe('a box of secrets', () => {
  it('opens what it sealed, for the same owner only', () => {
    const sealed = box.seal(secret, 'acme/job-1');
    expect(box.open(sealed, 'acme/job-1')).toBe(secret);
    expect(box.open(sealed, 'acme/job-2')).toBeUndefined();
    expect(Buffer.from(sealed, 'base64').toString('latin1')).not.toContain('AKIA');
    expect(box.seal(secret, 'acme/job-1')).not.toBe(sealed);
  });

  it('notices every change', () => {
    const bytes = Buffer.from(box.seal(secret, 'a'), 'base64');
    for (const index of [0, 11, 12, 27, 28, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[index]! ^= 1;
      expect(box.open(changed.toString('base64'), 'a'), `byte ${index}`).toBeUndefined();
    }
    for (const text of ['', 'AAAA', 'no base64!']) expect(box.open(text, 'a')).toBeUndefined();
  });

  it('opens with a former key while it is being replaced', () => {
    const sealed = box.seal(secret, 'a');
    expect(new SecretBox([second, first]).open(sealed, 'a')).toBe(secret);
    expect(new SecretBox([second]).open(sealed, 'a')).toBeUndefined();
  });

  it('seals nothing without a key', () => {
    expect(new SecretBox([]).canSeal).toBe(false);
    expect(() => new SecretBox([]).seal(secret, 'a')).toThrow('no key');
    expect(() => new SecretBox([Buffer.alloc(16)])).toThrow(RangeError);
  });
});
