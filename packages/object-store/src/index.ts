export { signedPut } from './signed-put.js';
export { S3ObjectStore } from './s3-object-store.js';
export type { S3ObjectStoreSettings } from './s3-object-store-settings.js';
