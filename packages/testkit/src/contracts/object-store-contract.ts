import { createHash } from 'node:crypto';
import { ObjectNotFoundError, TaskError, type ObjectStore } from '@polyreel/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collected, inPiecesOf, patternBytes } from '../byte-pattern.js';

export interface ObjectStoreFixture {
  readonly store: ObjectStore;
  close(): Promise<void>;
}

const mebibyte = 1024 * 1024;

const sha256Of = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** What every ObjectStore does. One fixture serves all tests; each uses keys of its own. */
export function objectStoreContract(open: () => Promise<ObjectStoreFixture>): void {
  describe('object store', () => {
    let fixture: ObjectStoreFixture | undefined;
    let store: ObjectStore;
    beforeAll(async () => {
      fixture = await open();
      store = fixture.store;
    });
    afterAll(() => fixture?.close());

    const put = (key: string, bytes: Uint8Array, mediaType = 'video/mp4') =>
      store.upload(key, inPiecesOf(bytes, 70_001), { mediaType });

    it.each([1, 5 * mebibyte, 8 * mebibyte, 17 * mebibyte + 13])(
      'gives back what was uploaded (%i bytes)',
      async (length) => {
        const bytes = patternBytes(length);
        const key = `contract/round-trip/${length}.mp4`;
        expect(await put(key, bytes)).toEqual({ bytes: length, sha256: sha256Of(bytes) });
        const { facts, content } = await store.read(key);
        expect(facts).toMatchObject({ bytes: length, mediaType: 'video/mp4' });
        expect(sha256Of(await collected(content))).toBe(sha256Of(bytes));
      },
    );

    it('stores an empty object', async () => {
      expect((await put('contract/empty', new Uint8Array())).bytes).toBe(0);
      expect((await store.head('contract/empty'))?.bytes).toBe(0);
    });

    it('replaces an object', async () => {
      await put('contract/replaced', Buffer.from('first'));
      await put('contract/replaced', Buffer.from('second'));
      expect((await collected((await store.read('contract/replaced')).content)).toString()).toBe('second');
    });

    it('tells the facts of an object', async () => {
      await put('contract/facts', Buffer.from('facts'), 'image/png');
      const facts = await store.head('contract/facts');
      expect(facts).toMatchObject({ bytes: 5, mediaType: 'image/png' });
      expect(facts?.etag).toMatch(/^"[^"]+"$/);
      expect(Math.abs(Date.now() - (facts?.modifiedAt.getTime() ?? 0))).toBeLessThan(600_000);
    });

    it.each([
      ['first bytes', { start: 0, end: 9 }, '0123456789'],
      ['one byte', { start: 3, end: 3 }, '3'],
      ['the tail', { start: 10 }, 'abcdef'],
      ['more than there is', { start: 14, end: 999 }, 'ef'],
    ])('reads a range: %s', async (_name, range, expected) => {
      await put('contract/range', Buffer.from('0123456789abcdef'));
      const { facts, content } = await store.read('contract/range', range);
      expect((await collected(content)).toString()).toBe(expected);
      expect(facts.bytes).toBe(16);
    });

    it('refuses a range past the end', async () => {
      await put('contract/short', Buffer.from('0123'));
      await expect(store.read('contract/short', { start: 4 })).rejects.toBeInstanceOf(RangeError);
    });

    it('knows no object that was not uploaded', async () => {
      expect(await store.head('contract/none')).toBeUndefined();
      await expect(store.read('contract/none')).rejects.toBeInstanceOf(ObjectNotFoundError);
    });

    it('takes keys with spaces, signs and letters of any script', async () => {
      const key = 'contract/names/a b+c%20&?#=é 視頻.mp4';
      await put(key, Buffer.from('named'));
      expect((await collected((await store.read(key)).content)).toString()).toBe('named');
    });

    it('leaves nothing of an upload whose content fails, and says why it failed', async () => {
      const failure = new TaskError('ENGINE_LOST');
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield patternBytes(9 * mebibyte);
        throw failure;
      }
      const upload = store.upload('contract/broken', broken(), { mediaType: 'video/mp4' });
      await expect(upload).rejects.toBe(failure);
      expect(await store.head('contract/broken')).toBeUndefined();
    });

    it('leaves nothing of an aborted upload and lets go of its content', async () => {
      const abort = new AbortController();
      const released = Promise.withResolvers<void>();
      async function* endless(): AsyncGenerator<Uint8Array> {
        try {
          for (let piece = 0; ; piece += 1) {
            if (piece === 9) abort.abort(new TaskError('CANCELLED'));
            yield patternBytes(mebibyte);
          }
        } finally {
          released.resolve();
        }
      }
      const options = { mediaType: 'video/mp4', signal: abort.signal };
      await expect(store.upload('contract/aborted', endless(), options)).rejects.toMatchObject({
        code: 'CANCELLED',
      });
      await released.promise;
      expect(await store.head('contract/aborted')).toBeUndefined();
    });

    it('does not begin an upload that is aborted already', async () => {
      const options = { mediaType: 'video/mp4', signal: AbortSignal.abort(new TaskError('CANCELLED')) };
      const upload = store.upload('contract/never', inPiecesOf(Buffer.from('x'), 1), options);
      await expect(upload).rejects.toMatchObject({ code: 'CANCELLED' });
      expect(await store.head('contract/never')).toBeUndefined();
    });

    it('stops reading when the reader leaves', async () => {
      await put('contract/left', patternBytes(3 * mebibyte));
      const { content } = await store.read('contract/left');
      for await (const piece of content) {
        expect(piece.length).toBeGreaterThan(0);
        break;
      }
      expect((await store.head('contract/left'))?.bytes).toBe(3 * mebibyte);
    });

    it('removes what lies below a prefix and nothing else', async () => {
      const below = ['contract/tree/1/a', 'contract/tree/1/b/c', 'contract/tree/1/ü d'];
      const beside = ['contract/tree/10/a', 'contract/tree/2', 'contract/tree-1/a'];
      for (const key of [...below, ...beside]) await put(key, Buffer.from(key));
      await store.removePrefix('contract/tree/1/');
      for (const key of below) expect(await store.head(key)).toBeUndefined();
      for (const key of beside) expect(await store.head(key)).toBeDefined();
      await store.removePrefix('contract/tree/1/');
    });

    it('refuses to remove everything', async () => {
      await expect(store.removePrefix('')).rejects.toBeInstanceOf(RangeError);
    });

    it('signs links for the given time', async () => {
      const link = {
        mediaType: 'video/mp4',
        fileName: 'a.mp4',
        disposition: 'inline',
        audience: 'public',
      } as const;
      expect(new URL(await store.signedLink('contract/range', { ...link, seconds: 60 })).protocol).toMatch(
        /^https?:$/,
      );
      for (const seconds of [0, 604_801, 1.5]) {
        await expect(store.signedLink('contract/range', { ...link, seconds })).rejects.toBeInstanceOf(
          RangeError,
        );
      }
    });
  });
}
