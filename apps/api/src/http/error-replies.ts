import { applyDecorators, type Type } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';

const meanings = {
  400: 'An input or field cannot be used',
  401: 'A valid API key is required',
  403: 'The path leaves the results',
  404: 'Unknown, or not there yet',
  409: 'The state of the task does not allow it',
  413: 'The body is too large',
  416: 'The range lies outside the file',
  422: 'Fields are missing or wrong, or the idempotency key stands for another request',
  429: 'The queue is full; Retry-After tells when to try again',
  503: 'The queue is full or the storage is away for a moment; Retry-After tells when to try again',
} as const;

export type FailureStatus = keyof typeof meanings;

/** Documents the failures of a route. 401 and 503 can happen on every route and are added. */
export function ErrorReplies(
  typeOf: (status: FailureStatus) => Type,
  statuses: readonly FailureStatus[],
): MethodDecorator {
  const all = [...new Set([...statuses, 401, 503] as const)].sort();
  return applyDecorators(
    ...all.map((status) => ApiResponse({ status, description: meanings[status], type: typeOf(status) })),
  );
}
