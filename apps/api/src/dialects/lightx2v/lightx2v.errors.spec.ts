import { describe, expect, it } from 'vitest';
import { ApiError, apiErrorCodes } from '../../http/api-error.js';
import { lightx2vErrors } from './lightx2v.errors.js';

describe('errors', () => {
  const reply = (error: ApiError, path = '/v1/tasks') =>
    lightx2vErrors(error, { method: 'GET', path, headers: {} });

  it.each(apiErrorCodes)('%s has a status and a detail', (code) => {
    const { status, body } = reply(new ApiError(code, 'text'));
    expect(status).toBeGreaterThanOrEqual(400);
    expect(body).toHaveProperty('detail');
  });

  it.each([
    ['unknown-task', { publicId: 'x' }, 404, 'Task not found'],
    ['wrong-state', {}, 404, 'Task not completed'],
    ['result-not-ready', {}, 404, 'Task result file does not exist'],
    ['duplicate-task', { publicId: 'x' }, 503, 'Task ID x already exists'],
    ['queue-full', { limit: 10 }, 503, 'Task queue is full (max 10 tasks)'],
    ['route-not-found', {}, 404, 'Not Found'],
    ['method-not-allowed', {}, 405, 'Method Not Allowed'],
  ] as const)('%s %j', (code, details, status, detail) => {
    const message = code === 'unknown-task' ? detail : 'text';
    expect(reply(new ApiError(code, message, details))).toEqual({ status, body: { detail } });
  });

  it.each([
    '/v1/images/generations',
    '/v1/tasks/image',
    '/v1/tasks/image/form',
    '/lightx2v/v1/tasks/image/sync',
  ])('says that %s makes no images here', (path) => {
    for (const code of ['route-not-found', 'method-not-allowed'] as const)
      expect(reply(new ApiError(code, ''), path)).toEqual({
        status: 404,
        body: { detail: 'This server makes videos; it has no image tasks.' },
      });
  });

  it.each([
    ['/v1/files/download/../../etc/passwd', 403],
    ['/v1/files/download/a/%2E%2e/b', 403],
    ['/lightx2v/v1/files/download/..%2f..%2fetc', 403],
    ['/v1/files/download/a..b/c...mp4', 404],
    ['/v1/tasks/../x/status', 404],
  ])('%s: %d', (path, status) => {
    expect(reply(new ApiError('unknown-task', 'File not found: x'), path).status).toBe(status);
  });
});
