import { describe, expect, it } from 'vitest';
import { ApiError, apiErrorCodes } from '../../http/api-error.js';
import { runpodErrors } from './runpod.errors.js';

describe('errors', () => {
  const context = { method: 'GET', path: '/v2/a/run', headers: {} };
  const statuses = { unauthorized: 401, 'unknown-task': 404, 'queue-full': 429, 'invalid-fields': 400 };

  it.each(apiErrorCodes)('%s has the one documented shape', (code) => {
    const { status, body } = runpodErrors(new ApiError(code, 'What to do.'), context);
    expect(body).toEqual({ error: expect.stringMatching(/./) as string });
    expect(status).toBeGreaterThanOrEqual(400);
  });

  it.each(Object.entries(statuses))('%s is %i', (code, status) => {
    expect(runpodErrors(new ApiError(code as keyof typeof statuses, ''), context).status).toBe(status);
  });
});
