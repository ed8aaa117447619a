import type { ApiKeys, JsonObject } from '@polyreel/core';
import { createHash } from 'node:crypto';

/** Tenant of everything when authentication is off, and of the first key. */
export const SOLE_TENANT = 'default';

/** Leading characters kept readable, so that people can tell keys apart. */
const PREFIX_LENGTH = 12;

export function digestOfKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** Stores a key as its digest. */
export async function storeKey(
  keys: ApiKeys,
  key: string,
  tenant: string,
  scopes: readonly string[] = ['tasks:read', 'tasks:write'],
  expiresAt?: Date,
  settings?: JsonObject,
): Promise<void> {
  const prefix = key.slice(0, PREFIX_LENGTH);
  await keys.add({
    sha256: digestOfKey(key),
    prefix,
    tenant,
    scopes,
    ...(expiresAt && { expiresAt }),
    ...(settings && { settings }),
  });
}

/** Makes the key of the settings known, so that a fresh installation with AUTH=keys can be used at all. */
export async function ensureFirstKey(keys: ApiKeys, key: string | undefined): Promise<void> {
  if (key !== undefined && !(await keys.findOwner(digestOfKey(key)))) await storeKey(keys, key, SOLE_TENANT);
}
