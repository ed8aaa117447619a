import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { ApiSettings } from '@polyreel/config';
import type { Endpoint, TaskKind, TaskScope } from '@polyreel/core';
import type { FastifyRequest } from 'fastify';
import { ApiError } from '../../http/api-error.js';

/** Endpoints with a meaning of their own; the model is the server's default model of the kind. */
const builtIn: Readonly<Partial<Record<string, TaskKind>>> = {
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

/** @throws ApiError route-not-found */
export function checkedName(name: string): string {
  if (!endpointName.test(name)) throw new ApiError('route-not-found', 'There is no such endpoint.');
  return name;
}

/** The jobs of one tenant on one endpoint. */
export type EndpointScope = Required<TaskScope>;

/**
 * The jobs a request may see: those of its tenant on the endpoint of its path.
 * @throws ApiError route-not-found for endpoint names that cannot be one
 */
export const Scope = createParamDecorator((_data: unknown, context: ExecutionContext): EndpointScope => {
  const { tenant, params } = context
    .switchToHttp()
    .getRequest<FastifyRequest<{ Params: { endpoint: string } }>>();
  return { tenant, dialect: 'runpod', endpoint: checkedName(params.endpoint) };
});

/**
 * What an endpoint runs: what the operator has said, else what its name means. Any other name makes talking videos:
 * users of the original worker bring the ids RunPod made up for them.
 * @param named the operator's endpoint of this name
 */
export function endpointOf(
  name: string,
  named: Endpoint | undefined,
  models: ApiSettings['models'],
): Endpoint {
  if (named) return named;
  const kind = (Object.hasOwn(builtIn, name) ? builtIn[name] : undefined) ?? 'talk';
  return { name, kind, model: models[kind], defaults: {} };
}

/**
 * The new time to live of a job, asked for by a look at its status.
 * @throws ApiError unauthorized for keys that may only read
 */
export function secondsToLive(milliseconds: number, { mayWrite }: Pick<FastifyRequest, 'mayWrite'>): number {
  if (!mayWrite) throw new ApiError('unauthorized', 'The API key lacks the scope tasks:write.');
  return milliseconds / 1000;
}
