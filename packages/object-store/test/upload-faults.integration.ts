import { ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { TaskError } from '@polyreel/core';
import { inPiecesOf, patternBytes, TcpProxy } from '@polyreel/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { S3ObjectStore } from '../src/index.js';
import { rawClient, testSettings } from './test-store.js';

const mebibyte = 1024 * 1024;

describe('uploads that fail', () => {
  const raw = rawClient();
  const { bucket } = testSettings();
  let proxy: TcpProxy;
  let store: S3ObjectStore;

  beforeAll(async () => {
    const direct = new S3ObjectStore(testSettings());
    await direct.ensureBucket(() => {});
    direct.close();
  });
  beforeEach(async () => {
    const target = new URL(testSettings().endpoint);
    proxy = await TcpProxy.open(target.hostname, Number(target.port));
    target.port = String(proxy.port);
    store = new S3ObjectStore(testSettings({ endpoint: target.origin }));
  });
  afterEach(async () => {
    store.close();
    await proxy.close();
  });
  afterAll(() => raw.destroy());

  const left = async (prefix: string) => {
    const objects = await raw.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }));
    const uploads = await raw
      .send(new ListMultipartUploadsCommand({ Bucket: bucket }))
      .catch((error: Error) => {
        // How the embedded server says that a bucket has had no multipart upload yet.
        if (error.name === 'NoSuchUpload') return { Uploads: [] };
        throw error;
      });
    const keys = [...(objects.Contents ?? []), ...(uploads.Uploads ?? [])].map(({ Key }) => Key);
    return keys.filter((key) => key?.startsWith(prefix));
  };

  it.each([1, 20])('leave nothing when their content fails after %i MiB', async (mebibytes) => {
    const failure = new TaskError('ENGINE_LOST');
    async function* content(): AsyncGenerator<Uint8Array> {
      for (let piece = 0; piece < mebibytes; piece += 1) yield patternBytes(mebibyte);
      throw failure;
    }
    const upload = store.upload(`faults/content-${mebibytes}`, content(), { mediaType: 'video/mp4' });
    await expect(upload).rejects.toBe(failure);
    expect(await left('faults/content-')).toEqual([]);
  });

  it('leave nothing when they are aborted while their content is silent', async () => {
    const abort = new AbortController();
    async function* content(): AsyncGenerator<Uint8Array> {
      yield patternBytes(20 * mebibyte);
      abort.abort(new TaskError('CANCELLED'));
      await new Promise(() => {});
    }
    const upload = store.upload('faults/silent', content(), {
      mediaType: 'video/mp4',
      signal: abort.signal,
    });
    await expect(upload).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(await left('faults/silent')).toEqual([]);
  });

  it('leave nothing when they are aborted before the last part', async () => {
    const abort = new AbortController();
    async function* content(): AsyncGenerator<Uint8Array> {
      yield patternBytes(mebibyte);
      abort.abort(new TaskError('CANCELLED'));
    }
    const upload = store.upload('faults/small', content(), { mediaType: 'video/mp4', signal: abort.signal });
    await expect(upload).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(await left('faults/small')).toEqual([]);
  });

  it('say UPLOAD_FAILED when the store dies on the way, and let go of the content', async () => {
    const released = Promise.withResolvers<void>();
    async function* content(): AsyncGenerator<Uint8Array> {
      try {
        for (let piece = 0; ; piece += 1) {
          if (piece === 20) proxy.cut();
          yield patternBytes(mebibyte);
        }
      } finally {
        released.resolve();
      }
    }
    const upload = store.upload('faults/dead', content(), { mediaType: 'video/mp4' });
    await expect(upload).rejects.toMatchObject({ code: 'UPLOAD_FAILED', retryable: true });
    await released.promise;
  });

  it('do not happen when one request fails and the next succeeds', async () => {
    async function* content(): AsyncGenerator<Uint8Array> {
      yield patternBytes(9 * mebibyte);
      proxy.cut();
      proxy.restore();
      yield patternBytes(9 * mebibyte);
    }
    const uploaded = await store.upload('faults/blip', content(), { mediaType: 'video/mp4' });
    expect(uploaded.bytes).toBe(18 * mebibyte);
    expect((await store.head('faults/blip'))?.bytes).toBe(18 * mebibyte);
    await store.removePrefix('faults/blip');
  });

  it('hold no more than a few parts of an endless source in memory', async () => {
    const abort = new AbortController();
    let given = 0;
    const stalled = Promise.withResolvers<void>();
    async function* content(): AsyncGenerator<Uint8Array> {
      for (;;) {
        given += 1;
        if (given === 12) {
          proxy.freeze();
          stalled.resolve();
        }
        yield patternBytes(mebibyte);
      }
    }
    const upload = store.upload('faults/endless', content(), {
      mediaType: 'video/mp4',
      signal: abort.signal,
    });
    upload.catch(() => {});
    await stalled.promise;
    let before = -1;
    const settled = () => {
      const same = before === given;
      before = given;
      return same;
    };
    await expect.poll(settled, { interval: 300 }).toBe(true);
    expect(given).toBeLessThanOrEqual(8 + 3 * 8 + 1);
    proxy.restore();
    abort.abort(new TaskError('CANCELLED'));
    await expect(upload).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(await left('faults/endless')).toEqual([]);
  });
});

describe('a store that hangs', () => {
  it('is given up in seconds', async () => {
    const target = new URL(testSettings().endpoint);
    const proxy = await TcpProxy.open(target.hostname, Number(target.port));
    target.port = String(proxy.port);
    const store = new S3ObjectStore(testSettings({ endpoint: target.origin }));
    proxy.freeze();
    await expect(store.ping()).rejects.toThrow(/did not answer within 3000 ms/);
    await expect(store.head('links/none')).rejects.toThrow(/did not answer within 10000 ms/);
    store.close();
    await proxy.close();
  });
});

describe('many objects', () => {
  it('are removed page by page', async () => {
    const store = new S3ObjectStore(testSettings());
    const keys = Array.from({ length: 1_100 }, (_, at) => `many/${at}`);
    const upload = async () => {
      for (let key = keys.pop(); key !== undefined; key = keys.pop()) {
        await store.upload(key, inPiecesOf(Buffer.from('x'), 1), { mediaType: 'text/plain' });
      }
    };
    await Promise.all(Array.from({ length: 8 }, upload));
    await store.removePrefix('many/');
    const raw = rawClient();
    const { Contents } = await raw.send(
      new ListObjectsV2Command({ Bucket: testSettings().bucket, Prefix: 'many/' }),
    );
    expect(Contents ?? []).toEqual([]);
    raw.destroy();
    store.close();
  });
});
