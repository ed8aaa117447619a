import { expect, it } from 'vitest';
import { S3ObjectStore } from '../src/index.js';
import { testSettings } from './test-store.js';

it('a missing bucket is created, once, by any number of processes', async () => {
  const bucket = `created-${Date.now()}`;
  const stores = Array.from({ length: 3 }, () => new S3ObjectStore(testSettings({ bucket })));
  await expect(stores[0]?.ping()).rejects.toThrow();
  await Promise.all(stores.map((store) => store.ensureBucket(() => {})));
  for (const store of stores) {
    await store.ping();
    store.close();
  }
});

it('a server without lifecycle rules is told, not hidden', async () => {
  const notices: string[] = [];
  const store = new S3ObjectStore(testSettings());
  await store.ensureBucket((text) => notices.push(text));
  expect(notices).toEqual([expect.stringMatching(/no lifecycle rules/)]);
  store.close();
});

it('a wrong key is refused at start', async () => {
  const store = new S3ObjectStore(testSettings({ secretAccessKey: 'wrong' }));
  await expect(store.ensureBucket(() => {})).rejects.toThrow();
  store.close();
});
