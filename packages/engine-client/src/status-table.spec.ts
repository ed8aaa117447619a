import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { TaskError, taskErrors, type TaskErrorCode } from '@polyreel/core';
import { describe, expect, it } from 'vitest';
import { statusOf, taskErrorOf } from './status-table.js';

function serviceError(code: status, details: string, entries: Record<string, string> = {}): ServiceError {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(entries)) metadata.set(key, value);
  return Object.assign(new Error(`${code} ${status[code]}: ${details}`), { code, details, metadata });
}

describe('status table', () => {
  it.each(Object.keys(taskErrors) as TaskErrorCode[])('brings %s there and back', (code) => {
    for (const retryable of [true, false]) {
      const { code: grpc, details, metadata } = statusOf(new TaskError(code, 'Words.', { retryable }));
      const error = Object.assign(new Error('any'), { code: grpc, details, metadata });
      for (const phase of ['before-accepted', 'after-accepted'] as const) {
        expect(taskErrorOf(error, phase)).toMatchObject({ code, retryable, message: 'Words.' });
      }
    }
  });

  const codes = Object.values(status).filter(
    (code) => typeof code === 'number' && code !== status.OK,
  ) as status[];
  it.each(codes)('gives status %i without our metadata a meaning', (code) => {
    for (const phase of ['before-accepted', 'after-accepted'] as const) {
      expect(taskErrorOf(serviceError(code, 'x'), phase).code).toMatch(/^[A-Z_]+$/);
    }
  });

  it.each([
    [status.UNAVAILABLE, 'ENGINE_UNAVAILABLE', 'ENGINE_LOST'],
    [status.CANCELLED, 'ENGINE_UNAVAILABLE', 'ENGINE_LOST'],
    [status.INTERNAL, 'ENGINE_UNAVAILABLE', 'ENGINE_LOST'],
    [status.RESOURCE_EXHAUSTED, 'ENGINE_UNAVAILABLE', 'ENGINE_UNAVAILABLE'],
    [status.INVALID_ARGUMENT, 'INVALID_INPUT', 'INVALID_INPUT'],
    [status.UNKNOWN, 'INTERNAL', 'INTERNAL'],
    [99 as status, 'INTERNAL', 'INTERNAL'],
  ])('status %i is %s before and %s after the engine accepted', (code, before, after) => {
    expect(taskErrorOf(serviceError(code, 'x'), 'before-accepted').code).toBe(before);
    expect(taskErrorOf(serviceError(code, 'x'), 'after-accepted').code).toBe(after);
  });

  it('keeps the words of the transport from users', () => {
    const error = serviceError(status.UNAVAILABLE, 'connect ECONNREFUSED 10.1.2.3:50051');
    expect(taskErrorOf(error, 'before-accepted').message).toBe(taskErrors.ENGINE_UNAVAILABLE.text);
  });

  it('takes a code it does not know by its status, and a strange retryable as no', () => {
    const unknown = serviceError(status.UNAVAILABLE, 'x', { 'polyreel-error-code': 'toString' });
    expect(taskErrorOf(unknown, 'after-accepted').code).toBe('ENGINE_LOST');
    const strange = serviceError(status.INTERNAL, 'x', {
      'polyreel-error-code': 'INTERNAL',
      'polyreel-error-retryable': 'maybe',
    });
    expect(taskErrorOf(strange, 'after-accepted').retryable).toBe(false);
  });

  it('cleans and cuts the message, and has words when there are none', () => {
    const entries = { 'polyreel-error-code': 'INVALID_INPUT' };
    const long = taskErrorOf(serviceError(3, `a\r\n\u0007b${'x'.repeat(5_000)}`, entries), 'after-accepted');
    expect(long.message).toMatch(/^a bx+$/);
    expect(long.message).toHaveLength(1_000);
    const silent = taskErrorOf(serviceError(3, ' ', entries), 'after-accepted');
    expect(silent.message).toBe(taskErrors.INVALID_INPUT.text);
  });

  it('hides what is no status at all', () => {
    const error = taskErrorOf(new Error('/secret/path'), 'after-accepted');
    expect(error).toMatchObject({ code: 'INTERNAL', message: taskErrors.INTERNAL.text });
  });
});
