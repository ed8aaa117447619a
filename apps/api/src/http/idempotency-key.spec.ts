import { expect, it } from 'vitest';
import { submitOptionsOf } from './idempotency-key.js';

const of = (key: string | undefined, url = '/v1/videos') =>
  submitOptionsOf({ url, headers: { 'idempotency-key': key } });

it('asks for nothing without the header', () => {
  expect(of(undefined)).toEqual({});
});

it.each(['a', '"8e03978e-40d5-43dd-bc93-6894a57f9324"', '~'.repeat(255)])('takes %j as it is', (key) => {
  expect(of(key)).toEqual({ idempotency: { key, route: '/v1/videos' } });
});

it.each(['', 'two words', 'a, b', 'é', '\u0000', 'tab\t', 'x'.repeat(256)])('refuses %j', (key) => {
  expect(() => of(key)).toThrow('Idempotency-Key');
});

it('counts for the path, whatever its query and final slash', () => {
  for (const url of ['/v1/tasks', '/v1/tasks/', '/v1/tasks/?x=1'])
    expect(of('k', url)).toEqual({ idempotency: { key: 'k', route: '/v1/tasks' } });
});
