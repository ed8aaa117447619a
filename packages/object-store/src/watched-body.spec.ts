import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { watchedBody } from './watched-body.js';

describe('watched body', () => {
  it('passes everything on, whatever time the reader takes', async () => {
    const body = Readable.from([Buffer.from('a'), Buffer.from('b')], { objectMode: false, highWaterMark: 1 });
    let text = '';
    for await (const piece of watchedBody(body, 20)) {
      text += Buffer.from(piece).toString();
      await pause(60);
    }
    expect(text).toBe('ab');
  });

  it('fails when the store is silent', async () => {
    const body = new Readable({ read: () => {} });
    body.push('half');
    const pieces = watchedBody(body, 20);
    await pieces.next();
    await expect(pieces.next()).rejects.toThrow(/silent for 20 ms/);
    expect(body.destroyed).toBe(true);
  });

  it('closes the connection when the reader leaves', async () => {
    const body = new Readable({ read: () => {} });
    body.push('half');
    const pieces = watchedBody(body, 1_000);
    await pieces.next();
    await pieces.return(undefined);
    expect(body.destroyed).toBe(true);
  });
});
