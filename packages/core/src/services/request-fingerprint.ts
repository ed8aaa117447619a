import { createHash } from 'node:crypto';
import type { Submission } from './submission.js';
import type { IdentifiedInput } from './submitted-inputs.js';

/**
 * SHA-256 of what a client asked for, as 64 hex digits: the same for two requests that mean the same, whatever the
 * order of their fields, their multipart boundary or the names of their files. What we made up ourselves, the public
 * id, a drawn seed and the sealing of secrets, is left out; of media only the digest, the URL or the object key counts.
 */
export function fingerprintOf(submission: Submission, inputs: readonly IdentifiedInput[]): string {
  const { publicId: _id, tenant: _tenant, inputs: _inputs, sealedSecrets: _sealed, ...rest } = submission;
  const { seedDrawn, parameters, ...asked } = rest;
  const { seed, ...others } = parameters;
  return createHash('sha256')
    .update(
      canonicalJson({
        ...asked,
        parameters: seedDrawn ? others : { ...others, seed },
        inputs: Object.fromEntries(inputs.map((input) => [input.role, contentOf(input)])),
      }),
    )
    .digest('hex');
}

/** Roles are unique within a task, so the order of inputs does not matter. */
function contentOf(input: IdentifiedInput): object {
  if ('media' in input) return { sha256: input.media.sha256 };
  return 'url' in input ? { url: input.url } : { objectKey: input.objectKey };
}

/** JSON with the keys of every object in order; absent and undefined fields are the same. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
