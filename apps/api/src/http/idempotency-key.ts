import { applyDecorators } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { IdempotencyKey, SubmitOptions } from '@polyreel/core';
import type { FastifyRequest } from 'fastify';
import { invalidFields } from './parse-fields.js';

const HEADER = 'Idempotency-Key';
const MAX_LENGTH = 255;

/** Visible ASCII. Quotes, which the IETF draft puts around the key, are part of it: nobody sends both spellings. */
const wellFormed = /^[!-~]+$/;

/**
 * How a create is submitted: repeatable when its client sent an `Idempotency-Key`. The key counts for the path it was
 * sent to, so that one key may serve one create of every kind.
 * @throws ApiError invalid-fields; call it before the body is read
 */
export function submitOptionsOf(request: Pick<FastifyRequest, 'url' | 'headers'>): SubmitOptions {
  const key = request.headers[HEADER.toLowerCase()];
  if (key === undefined) return {};
  const text = String(key);
  if (text.length > MAX_LENGTH) throw refused(text, 'too-long', `must have at most ${MAX_LENGTH} characters`);
  if (!wellFormed.test(text)) throw refused(text, 'conflict', 'must be visible ASCII without spaces');
  return { idempotency: { key: text, route: routeOf(request.url) } };
}

/** Without query and final slash: both spellings of a path are one. */
function routeOf(url: string): IdempotencyKey['route'] {
  return url.split('?', 1)[0]!.replace(/\/+$/, '');
}

function refused(value: string, rule: 'too-long' | 'conflict', text: string) {
  return invalidFields([
    {
      location: 'header',
      path: [HEADER],
      rule,
      message: `Header '${HEADER}': ${text}.`,
      value,
      context: { limit: MAX_LENGTH },
    },
  ]);
}

/** On every route that creates a task: documents the header. */
export function AcceptsIdempotencyKey(): MethodDecorator {
  return applyDecorators(
    ApiHeader({
      name: HEADER,
      required: false,
      description:
        'Makes the request repeatable for 24 hours: the same key with the same request answers with the task it has ' +
        'already made, with another request it is refused (422). Counts for your tenant and this path; ends with the task.',
      schema: { type: 'string', minLength: 1, maxLength: MAX_LENGTH, pattern: wellFormed.source },
    }),
  );
}
