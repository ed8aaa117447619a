import type { LinkOptions } from '@polyreel/core';
import { inPiecesOf } from '@polyreel/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { S3ObjectStore } from '../src/index.js';
import { testSettings } from './test-store.js';

describe('signed links', () => {
  const store = new S3ObjectStore(testSettings());
  const key = 'links/1/vidéo.mp4';
  const options: LinkOptions = {
    seconds: 60,
    mediaType: 'video/mp4',
    fileName: 'mon été.mp4',
    disposition: 'attachment',
    audience: 'public',
  };

  beforeAll(async () => {
    await store.ensureBucket(() => {});
    await store.upload(key, inPiecesOf(Buffer.from('0123456789'), 3), { mediaType: 'application/x-other' });
  });
  afterAll(() => store.close());

  it('give the object to anybody, with type and name forced', async () => {
    const answer = await fetch(await store.signedLink(key, options));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('video/mp4');
    expect(answer.headers.get('content-disposition')).toBe(
      `attachment; filename="mon _t_.mp4"; filename*=UTF-8''mon%20%C3%A9t%C3%A9.mp4`,
    );
    expect(await answer.text()).toBe('0123456789');
  });

  it('give ranges', async () => {
    const link = await store.signedLink(key, options);
    const answer = await fetch(link, { headers: { range: 'bytes=2-4' } });
    // Not asked for 206: the embedded server calls a part 200.
    expect(answer.ok).toBe(true);
    expect(answer.headers.get('content-range')).toBe('bytes 2-4/10');
    expect(await answer.text()).toBe('234');
  });

  it('are refused when one character differs', async () => {
    const link = new URL(await store.signedLink(key, options));
    for (const change of [
      (url: URL) => (url.pathname = url.pathname.replace('links/1', 'links/2')),
      (url: URL) => url.searchParams.set('X-Amz-Expires', '600000'),
      (url: URL) => url.searchParams.set('response-content-type', 'text/html'),
      (url: URL) => url.searchParams.set('X-Amz-Signature', '0'.repeat(64)),
    ]) {
      const tampered = new URL(link);
      change(tampered);
      await expectRefusal(tampered);
    }
  });

  it('are refused when they have expired', async () => {
    const link = await store.signedLink(key, { ...options, seconds: 1 });
    await expect.poll(async () => (await fetch(link)).ok, { interval: 200 }).toBe(false);
    await expectRefusal(link);
  });

  it('are needed: nothing is read unsigned', async () => {
    const link = new URL(await store.signedLink(key, options));
    link.search = '';
    await expectRefusal(link);
    const { endpoint, bucket } = testSettings();
    await expectRefusal(`${endpoint}/${bucket}?list-type=2`);
  });

  it('carry the public address for clients and the internal one for ourselves', async () => {
    const settings = testSettings({ publicEndpoint: 'https://media.example.com' });
    const split = new S3ObjectStore(settings);
    const publicLink = new URL(await split.signedLink(key, options));
    expect(publicLink.origin).toBe('https://media.example.com');
    const internal = await split.signedLink(key, { ...options, audience: 'internal' });
    expect(new URL(internal).origin).toBe(settings.endpoint);
    expect((await fetch(internal)).status).toBe(200);
    split.close();
  });

  it('hold no secret', async () => {
    expect(await store.signedLink(key, options)).not.toContain(testSettings().secretAccessKey);
  });
});

/** 400 or 403, as the server likes, and nothing of the object. */
async function expectRefusal(link: string | URL): Promise<void> {
  const answer = await fetch(link);
  expect([400, 403]).toContain(answer.status);
  expect(await answer.text()).not.toMatch(/0123456789|vid(é|%C3)/);
}
