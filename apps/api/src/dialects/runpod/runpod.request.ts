import type { TaskKind } from '@polyreel/core';
import { ApiError } from '../../http/api-error.js';

/** What a name in the path runs. */
export interface RunpodEndpoint {
  readonly name: string;
  readonly kind: TaskKind;
}

/** Endpoints with a meaning; the model is the server's default model of the kind. */
const knownEndpoints: Readonly<Partial<Record<string, TaskKind>>> = {
  infinitetalk: 'talk',
  latentsync: 'lipsync',
  'wan-t2v': 't2v',
  'wan-i2v': 'i2v',
  talk: 'talk',
  lipsync: 'lipsync',
  t2v: 't2v',
  i2v: 'i2v',
};

/** Ids RunPod gives to endpoints, and clients restrict them to. */
const endpointName = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * The endpoint of a path. Any other well-formed name makes talking videos: users of the original
 * worker bring the ids RunPod made up for them.
 * @throws ApiError route-not-found
 */
export function endpointOf(name: string): RunpodEndpoint {
  if (!endpointName.test(name)) throw new ApiError('route-not-found', 'There is no such endpoint.');
  const kind = Object.hasOwn(knownEndpoints, name) ? knownEndpoints[name] : undefined;
  return { name, kind: kind ?? 'talk' };
}
