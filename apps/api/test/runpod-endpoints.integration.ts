import { connectDatabase, PrismaEndpoints } from '@polyreel/database';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestApi, type TestApi } from './test-api.js';

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi({
    RUNPOD_RUN_BYTES: '2048',
    RUNPOD_RUNSYNC_BYTES: '4096',
    SECRETS_KEY: Buffer.alloc(32, 5).toString('base64'),
  });
  const { prisma, close } = connectDatabase(api.databaseUrl, { applicationName: 'polyreel-test' });
  const endpoints = new PrismaEndpoints(prisma);
  await endpoints.put({
    name: 'sea',
    kind: 't2v',
    model: 'wan-sea',
    defaults: { prompt: 'waves', steps: 4 },
  });
  await close();
});
afterAll(() => api.close());

async function post(url: string, payload: object, headers = {}) {
  const reply = await api.app.inject({ method: 'POST', url, payload, headers });
  return { status: reply.statusCode, body: reply.json<{ id: string; error?: string }>() };
}

describe('endpoints', () => {
  it('named by the operator run what he says', async () => {
    const { status, body } = await post('/v2/sea/run', { input: { seed: 7 } });
    expect(status).toBe(200);
    const { prisma, close } = connectDatabase(api.databaseUrl, { applicationName: 'polyreel-test' });
    const task = await prisma.task.findFirst({ where: { publicId: body.id } });
    await close();
    expect(task).toMatchObject({
      endpoint: 'sea',
      kind: 't2v',
      model: 'wan-sea',
      parameters: { prompt: 'waves', steps: 4, seed: 7 },
    });
  });

  it('without a name in the table keep their meaning', async () => {
    expect(await post('/v2/wan-t2v/run', { input: {} })).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining('prompt') as string },
    });
  });
});

describe('bodies', () => {
  const input = (bytes: number) => ({ input: { prompt: 'x'.repeat(bytes) } });
  it.each([
    ['run', 1500, 200],
    ['run', 2500, 413],
    ['runsync?wait=1000', 2500, 200],
    ['runsync?wait=1000', 4500, 413],
  ])('of %s with %i bytes are answered with %i', async (operation, bytes, status) => {
    const reply = await post(`/v2/sea/${operation}`, input(bytes));
    expect(reply.status).toBe(status);
    if (status === 413) expect(reply.body).toEqual({ error: expect.stringContaining('too large') as string });
  });
});

describe('s3Config', () => {
  const s3Config = {
    accessId: 'AKIAEXAMPLE',
    accessSecret: 'hunter2hunter2',
    bucketName: 'mine',
    endpointUrl: 'https://s3.example.com',
  };
  const body = (over: object = {}) => ({ input: {}, s3Config: { ...s3Config, ...over } });

  it('is stored without its credentials in clear, and never shown', async () => {
    const { status, body: job } = await post('/v2/sea/run', body());
    expect(status).toBe(200);
    const { prisma, close } = connectDatabase(api.databaseUrl, { applicationName: 'polyreel-test' });
    const rows = await prisma.$queryRaw<{ row: object }[]>`
      SELECT to_json(task) AS row FROM task WHERE public_id = ${job.id}`;
    await close();
    expect(rows[0]!.row).toMatchObject({ sealed_secrets: expect.stringMatching(/./) as string });
    const replies = ['status', 'stream', 'cancel'].map((operation) =>
      api.app.inject({ method: 'POST', url: `/v2/sea/${operation}/${job.id}?wait=1000` }),
    );
    const shown = (await Promise.all(replies)).map(({ payload }) => payload).join();
    expect(JSON.stringify(rows) + shown).not.toMatch(/AKIAEXAMPLE|hunter2/);
  });

  it('is the same request when it comes again under one key, however it is sealed', async () => {
    const headers = { 'idempotency-key': 'copy-1' };
    const first = await post('/v2/sea/run', body(), headers);
    expect(await post('/v2/sea/run', body(), headers)).toEqual(first);
    expect(await post('/v2/sea/run', body({ bucketName: 'other' }), headers)).toMatchObject({ status: 422 });
  });

  it.each(['http://169.254.169.254', 'http://localhost:9000', 'http://10.0.0.1'])(
    'is refused with the private address %s',
    async (endpointUrl) => {
      expect(await post('/v2/sea/run', body({ endpointUrl }))).toMatchObject({
        status: 400,
        body: { error: expect.stringContaining('private network') as string },
      });
    },
  );
});
