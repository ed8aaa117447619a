import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { partSize, partsOf, type UploadPart } from './upload-parts.js';

async function cut(...lengths: number[]): Promise<{ parts: UploadPart[]; sha256: string }> {
  async function* content(): AsyncGenerator<Uint8Array> {
    for (const length of lengths) yield Buffer.alloc(length, 7);
  }
  const hash = createHash('sha256');
  const parts: UploadPart[] = [];
  for await (const part of partsOf(content(), hash)) parts.push(part);
  return { parts, sha256: hash.digest('hex') };
}

describe('upload parts', () => {
  it.each([
    [[], [0]],
    [[0], [0]],
    [[1], [1]],
    [[partSize], [partSize]],
    [
      [partSize, 1],
      [partSize, 1],
    ],
    [
      [partSize - 1, 2],
      [partSize, 1],
    ],
    [[partSize * 2 + 5], [partSize, partSize, 5]],
    [
      [partSize, partSize],
      [partSize, partSize],
    ],
  ])('cuts pieces of %j into parts of %j', async (pieces, expected) => {
    const { parts, sha256 } = await cut(...pieces);
    expect(parts.map((part) => part.bytes.length)).toEqual(expected);
    expect(parts.map((part) => part.number)).toEqual(expected.map((_, at) => at + 1));
    expect(parts.map((part) => part.last)).toEqual(expected.map((_, at) => at === expected.length - 1));
    const total = pieces.reduce((sum, length) => sum + length, 0);
    expect(sha256).toBe(createHash('sha256').update(Buffer.alloc(total, 7)).digest('hex'));
  });

  it('keeps its bytes when the source uses its buffer again', async () => {
    async function* content(): AsyncGenerator<Uint8Array> {
      const buffer = Buffer.from('a');
      yield buffer;
      buffer[0] = 98;
      yield buffer;
    }
    const { value: part } = await partsOf(content(), createHash('sha256')).next();
    expect(part?.bytes.toString()).toBe('ab');
  });
});
