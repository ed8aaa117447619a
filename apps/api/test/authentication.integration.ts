import { connectDatabase, PrismaApiKeys } from '@polyreel/database';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureFirstKey, storeKey } from '../src/http/stored-key.js';
import { openTestApi, type TestApi } from './test-api.js';

const keys = {
  first: 'a-key-of-at-least-24-characters',
  acme: 'pr_live_acme',
  other: 'pr_live_other',
  reader: 'pr_live_reader',
  expired: 'pr_live_expired',
  serverWords: 'pr_live_server_words',
};

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi({ AUTH: 'keys' });
  const database = connectDatabase(api.databaseUrl, { applicationName: 'polyreel-test' });
  const store = new PrismaApiKeys(database.prisma);
  const add = (key: string, tenant: string, scopes: string[], expiresAt?: Date) =>
    storeKey(store, key, tenant, scopes, expiresAt);
  await add(keys.acme, 'acme', ['tasks:read', 'tasks:write']);
  await add(keys.other, 'other', ['tasks:read', 'tasks:write']);
  await add(keys.reader, 'acme', ['tasks:read']);
  await add(keys.expired, 'acme', ['tasks:read', 'tasks:write'], new Date('2020-01-01'));
  await storeKey(store, keys.serverWords, 'acme', undefined, undefined, { status_vocabulary: 'server' });
  await ensureFirstKey(store, keys.first);
  await ensureFirstKey(store, keys.first);
  await database.close();
});
afterAll(() => api.close());

async function ask(
  method: 'GET' | 'POST' | 'DELETE',
  url: string,
  headers: Record<string, string>,
  payload?: object,
) {
  const reply = await api.app.inject({ method, url, headers, ...(payload && { payload }) });
  return { status: reply.statusCode, body: reply.json<Record<string, unknown>>() };
}

const create = (headers: Record<string, string>) =>
  ask('POST', '/v1/tasks/video', headers, { prompt: 'waves', video_duration: 1 });

describe('keys', () => {
  it.each([
    ['Bearer', { authorization: `Bearer ${keys.acme}` }],
    ['bare Authorization', { authorization: keys.acme }],
    ['X-API-Key', { 'x-api-key': keys.acme }],
    ['the key of the settings', { authorization: keys.first }],
  ])('are taken as %s', async (_name, headers) => {
    expect((await create(headers)).status).toBe(200);
  });

  it.each([
    ['no key', {}],
    ['an unknown key', { authorization: 'Bearer pr_live_unknown' }],
    ['an expired key', { authorization: `Bearer ${keys.expired}` }],
    ['a key that may only read', { authorization: `Bearer ${keys.reader}` }],
    ['injection', { authorization: "Bearer ' OR 1=1 --" }],
  ])('%s creates nothing', async (_name, headers) => {
    expect(await create(headers as Record<string, string>)).toEqual({
      status: 401,
      body: { detail: expect.any(String) as string },
    });
  });

  const run = (headers: Record<string, string>) =>
    ask('POST', '/v2/wan-t2v/run', headers, { input: { prompt: 'waves', duration: 1 } });

  it.each([
    ['Bearer, as the SDKs send it', `Bearer ${keys.acme}`],
    ['bare, as the curl lines do', keys.acme],
  ])('of RunPod clients come %s', async (_name, authorization) => {
    const { status, body } = await run({ authorization });
    expect([status, body]).toEqual([
      200,
      { id: expect.stringMatching(/-u1$/) as string, status: 'IN_QUEUE' },
    ]);
    const path = `/v2/wan-t2v/status/${body.id as string}`;
    expect(await ask('GET', path, { authorization })).toMatchObject({ status: 200 });
    expect(await ask('GET', path, { authorization: keys.other })).toMatchObject({ status: 404 });
  });

  it.each([
    ['no key', {}],
    ['an unknown key', { authorization: 'Bearer rpa_unknown' }],
    ['an unknown bare key', { authorization: 'rpa_unknown' }],
    ['a key that may only read', { authorization: keys.reader }],
  ])('%s is 401 in the words of RunPod', async (_name, headers) => {
    const refused = { status: 401, body: { error: 'Unauthorized' } };
    expect(await run(headers as Record<string, string>)).toEqual(refused);
    for (const path of ['/v2/wan-t2v/purge-queue', '/v2/wan-t2v/cancel/x', '/v2/wan-t2v/nothing'])
      expect(await ask('POST', path, headers as Record<string, string>)).toEqual(refused);
  });

  it('that may only read change no time to live', async () => {
    const id = (await run({ authorization: keys.acme })).body.id as string;
    const path = `/v2/wan-t2v/status/${id}`;
    const reader = { authorization: `Bearer ${keys.reader}` };
    expect(await ask('GET', path, reader)).toMatchObject({ status: 200 });
    expect(await ask('GET', `${path}?ttl=6000`, reader)).toMatchObject({ status: 401 });
  });

  it('may set how their tasks word the status', async () => {
    const statusOf = async (key: string, words?: string) => {
      const headers = { authorization: key, ...(words && { 'x-status-vocabulary': words }) };
      const path = `/v1/tasks/${(await create(headers)).body.task_id as string}/status`;
      return (await ask('GET', path, { authorization: keys.acme })).body.status;
    };
    expect(await statusOf(keys.acme)).toBe('submitted');
    expect(await statusOf(keys.serverWords)).toBe('pending');
    expect(await statusOf(keys.serverWords, 'guide')).toBe('submitted');
  });

  it('are not needed by probes and documentation', async () => {
    for (const url of ['/health', '/health/live', '/docs', '/redoc'])
      expect((await api.app.inject({ method: 'GET', url })).statusCode, url).toBe(200);
  });
});

describe('tenants', () => {
  it('do not see, list or stop the tasks of each other', async () => {
    const { body } = await create({ authorization: keys.acme });
    const id = body.task_id as string;
    const foreign = { authorization: keys.other };
    expect((await ask('GET', `/v1/tasks/${id}/status`, foreign)).status).toBe(404);
    expect((await ask('GET', `/v1/tasks/${id}/result`, foreign)).status).toBe(404);
    expect((await ask('GET', '/v1/tasks', foreign)).body).toEqual({});
    expect((await ask('DELETE', `/v1/tasks/${id}`, foreign)).body).toMatchObject({
      stop_status: 'do_nothing',
    });
    // It succeeds, on the tasks of its own tenant: none.
    expect((await ask('DELETE', '/v1/tasks/all/running', foreign)).status).toBe(200);
    expect((await ask('GET', `/v1/tasks/${id}/status`, { authorization: keys.reader })).body).toMatchObject({
      task_status: 'pending',
    });
  });

  it('do not reach a task through another dialect', async () => {
    const headers = { authorization: keys.acme };
    const id = (await create(headers)).body.task_id as string;
    for (const url of [`/task/${id}`, `/v1/videos/${id}`, `/v2/infinitetalk/status/${id}`])
      expect((await ask('GET', url, headers)).status, url).toBe(404);
  });
});
