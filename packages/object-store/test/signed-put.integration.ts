import { expect, it } from 'vitest';
import { S3ObjectStore, signedPut } from '../src/index.js';
import { testSettings } from './test-store.js';

const place = { bucket: 'b', key: 'videos/sch\u00f6n +1.mp4' };
const credentials = { accessKeyId: 'AKIA', secretAccessKey: 'hunter2' };

it('writes an object, by the credentials alone', async () => {
  const settings = testSettings({ bucket: 'signed-put-tests' });
  const store = new S3ObjectStore(settings);
  await store.ensureBucket(() => undefined);
  const { endpoint, bucket, accessKeyId } = settings;
  const put = async (secretAccessKey: string) =>
    fetch(await signedPut({ ...place, endpoint, bucket }, { accessKeyId, secretAccessKey }), {
      method: 'PUT',
      headers: { 'content-type': 'video/mp4' },
      body: 'a video',
    });
  expect((await put('wrong')).status).toBe(403);
  expect((await put(settings.secretAccessKey)).status).toBe(200);
  expect(await store.head(place.key)).toMatchObject({ bytes: 7 });
  await store.removePrefix('videos/');
  store.close();
});

it.each([
  ['https://s3.eu-central-1.amazonaws.com', 'eu-central-1'],
  ['https://s3.us-west-004.backblazeb2.com', 'us-west-004'],
  ['https://s3.example.com', 'us-east-1'],
  ['https://abc.r2.cloudflarestorage.com', 'us-east-1'],
  ['http://127.0.0.1:9000', 'us-east-1'],
])('signs for %s in the region %s, in path style, without the secret', async (endpoint, region) => {
  const link = await signedPut({ ...place, endpoint }, credentials);
  const url = new URL(link);
  expect(url.origin).toBe(endpoint);
  expect(decodeURIComponent(url.pathname)).toBe(`/${place.bucket}/${place.key}`);
  expect(url.searchParams.get('X-Amz-Credential')).toContain(`/${region}/s3/`);
  expect(link).not.toContain(credentials.secretAccessKey);
});
