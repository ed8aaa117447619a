import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { whileConnected } from './client-connection.js';

const until = (signal: AbortSignal) =>
  new Promise<string>((resolve) => signal.addEventListener('abort', () => resolve('gone')));

describe('whileConnected', () => {
  it('tells the work when the client goes', async () => {
    const socket = new Socket();
    const work = whileConnected({ raw: { socket } }, until);
    socket.destroy();
    expect(await work).toBe('gone');
  });

  it('tells it at once when the client has already gone', async () => {
    const socket = new Socket();
    socket.destroy();
    expect(await whileConnected({ raw: { socket } }, async ({ aborted }) => aborted)).toBe(true);
  });

  it('leaves nothing on the connection, whether the work succeeds or fails', async () => {
    const socket = new Socket();
    const before = socket.listenerCount('close');
    expect(await whileConnected({ raw: { socket } }, async ({ aborted }) => aborted)).toBe(false);
    const failure = whileConnected({ raw: { socket } }, () => Promise.reject(new Error('broken')));
    await expect(failure).rejects.toThrow('broken');
    expect(socket.listenerCount('close')).toBe(before);
  });
});
