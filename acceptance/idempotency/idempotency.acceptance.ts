import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Platform } from '../platform/platform.js';
import { creates } from './creates.js';

/** A platform whose engine is away: what is created waits, and takes no turn from the videos of other tests. */
let platform: Platform;
beforeAll(async () => {
  platform = await Platform.start({
    ENGINES: '127.0.0.1:1',
    FETCH_ALLOW_HOSTS: new URL(inject('mediaServer')).host,
  });
});
afterAll(async () => {
  await platform.stop();
});

const all = creates({
  baseUrl: () => platform.baseUrl,
  mediaServer: inject('mediaServer'),
  samples: inject('samples'),
});

describe.each(all)('$name', ({ send, idOf, refusal }) => {
  const id = async (variant: string, key?: string) => {
    const reply = await send(variant, key);
    expect(reply, JSON.stringify(reply.body)).toMatchObject({ status: 200 });
    expect(idOf(reply.body)).toEqual(expect.any(String));
    return idOf(reply.body);
  };

  it('answers a repeated request with the same task, and refuses its key for another one', async () => {
    const key = randomUUID();
    const first = await id('a wave', key);
    expect(await id('a wave', key)).toBe(first);
    const other = await send('a mountain', key);
    expect(other.status).toBe(422);
    expect(other.body).toMatchObject(refusal);
    // The refused request has changed nothing.
    expect(await id('a wave', key)).toBe(first);
    expect(await id('a wave', `${key}-other`)).not.toBe(first);
  });

  it('makes one task of twenty requests at once', async () => {
    const key = `"${randomUUID()}"`;
    const ids = await Promise.all(Array.from({ length: 20 }, () => id('a wave', key)));
    expect(new Set(ids).size).toBe(1);
  });

  it('makes a task of every request without a key', async () => {
    expect(await id('a wave')).not.toBe(await id('a wave'));
  });

  it.each(['x'.repeat(256), 'two words'])('refuses the malformed key %j in its own words', async (key) => {
    const { status, body } = await send('a wave', key);
    expect([400, 422]).toContain(status);
    expect(body).toMatchObject({
      ...refusal,
      ...('error' in body && { error: expect.anything() as unknown }),
    });
  });
});
