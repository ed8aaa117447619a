import { describe, expect, it } from 'vitest';
import { ByteChannel } from './byte-channel.js';

describe('ByteChannel', () => {
  it('hands chunks over in order and makes the producer wait', async () => {
    const channel = new ByteChannel();
    const produced: number[] = [];
    const producer = (async () => {
      for (const byte of [1, 2, 3]) {
        await channel.push(Uint8Array.of(byte));
        produced.push(byte);
      }
      channel.end();
    })();
    expect(produced).toEqual([]);
    const taken: number[] = [];
    for await (const chunk of channel) {
      taken.push(chunk[0]!);
      expect(produced.length).toBeLessThanOrEqual(taken.length);
    }
    await producer;
    expect(taken).toEqual([1, 2, 3]);
  });

  it('throws the failure of the producer at the consumer', async () => {
    const channel = new ByteChannel();
    channel.fail(new Error('broken off'));
    await expect(channel[Symbol.asyncIterator]().next()).rejects.toThrow('broken off');
  });

  it('lets the producer go on when the consumer has left', async () => {
    const channel = new ByteChannel();
    const waiting = channel.push(Uint8Array.of(1));
    for await (const _chunk of channel) break;
    await waiting;
    await channel.push(Uint8Array.of(2));
  });
});
