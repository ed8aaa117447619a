import { SecretBox, type Endpoint, type InputRole, type SubmittedInput } from '@polyreel/core';
import { expect } from 'vitest';
import { fromJobRequest, type InboundContext } from '../src/dialects/runpod/runpod.inbound.js';
import { endpointOf } from '../src/dialects/runpod/runpod.request.js';

export const publicId = '5d2f9f6c-6d3b-4d25-9c06-1b1f5f0c7a11-u1';
export const sealingKey = Buffer.alloc(32, 3);
export const models = { talk: 'it', lipsync: 'ls', t2v: 'wan', i2v: 'wan' };

export const sample = (role: InputRole, name: string): SubmittedInput => ({
  role,
  objectKey: `sample of ${name}`,
});

/** What the server adds to a request to an endpoint. */
export function contextOf(endpoint = 'infinitetalk', named?: Endpoint): InboundContext {
  return {
    tenant: 'acme',
    endpoint: endpointOf(endpoint, named, models),
    volume: { roots: ['/runpod-volume', '/my_volume'], prefix: 'volume/' },
    samples: { input: sample },
    secrets: new SecretBox([sealingKey]),
    jobId: publicId,
  };
}

/** The message of the refusal; fails when there is none. */
export function refusalOf(body: unknown, endpoint?: string): string {
  try {
    fromJobRequest(body, contextOf(endpoint));
  } catch (error) {
    expect((error as Error).name).toMatch(/^(ApiError|TaskError)$/);
    return (error as Error).message;
  }
  throw new Error('The request was accepted.');
}
