import { dialectNames } from '@polyreel/core';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { apiErrorCodes, ApiError } from '../http/api-error.js';
import { dialects } from './index.js';

/** Every dialect folder has exactly these, so that who knows one dialect knows all. */
const required = [
  ...['controller', 'dto', 'errors', 'inbound', 'module', 'presenter', 'replies'],
  ...['errors.spec', 'inbound.spec', 'presenter.spec'],
];

/** What only some need: the demands of path and headers, webhooks, and the specs of both. */
const optional = ['request', 'request.spec', 'webhook', 'webhook.spec'];

/** Files beyond that, each with its reason. */
const own: Readonly<Record<string, readonly string[]>> = {
  // One size and one length out of three generations of fields; what only forms have.
  lightx2v: ['size', 'form.spec'],
  // Half of its routes are about one job, and share how a job is found, awaited and shown with those that make one.
  // Copies into the client's own bucket, with its credentials.
  runpod: ['job.controller', 'jobs', 's3-copy.spec'],
};

const folders = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

describe('dialect folders', () => {
  it('are the dialects of the core, and registered once each', () => {
    expect([...folders].sort()).toEqual([...dialectNames].sort());
    expect(dialects.map(({ name }) => name).sort()).toEqual([...dialectNames].sort());
  });

  it.each(folders)('%s has the same files as the others', (folder) => {
    const entries = readdirSync(join(import.meta.dirname, folder));
    const roles = entries
      .filter((entry) => entry !== '__fixtures__')
      .map((entry) => {
        expect(entry.startsWith(`${folder}.`) && entry.endsWith('.ts'), entry).toBe(true);
        return entry.slice(folder.length + 1, -'.ts'.length);
      });
    expect(roles).toEqual(expect.arrayContaining(required));
    const allowed = [...required, ...optional, ...(own[folder] ?? [])];
    expect(roles.filter((role) => !allowed.includes(role))).toEqual([]);
    const fixtures = readdirSync(join(import.meta.dirname, folder, '__fixtures__'));
    expect(fixtures.length).toBeGreaterThan(0);
    expect(fixtures.filter((file) => !file.endsWith('.json'))).toEqual([]);
  });
});

describe.each(dialects)('$name', ({ errors, paths, title, description }) => {
  it.each(apiErrorCodes)('answers %s with a status of its own and a body', (code) => {
    const { status, body } = errors(new ApiError(code, 'What to do.'), {
      method: 'GET',
      path: paths[0]!,
      headers: {},
    });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    expect(typeof body).toBe('object');
    expect(code === 'internal' || code === 'unavailable' || status !== 500).toBe(true);
  });

  it('says what it is', () => {
    expect(title).not.toBe('');
    expect(description).toMatch(/\.$/);
  });
});

it('no two dialects own the same path', () => {
  const paths = dialects.flatMap((dialect) => dialect.paths);
  expect(new Set(paths).size).toBe(paths.length);
});
