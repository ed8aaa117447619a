import { objectStoreContract } from '@polyreel/testkit';
import { S3ObjectStore } from '../src/index.js';
import { testSettings } from './test-store.js';

objectStoreContract(async () => {
  const store = new S3ObjectStore(testSettings());
  await store.ensureBucket(() => {});
  return { store, close: async () => store.close() };
});
