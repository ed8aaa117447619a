import { connectDatabase, PrismaEndpoints } from '@polyreel/database';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestApi, type TestApi } from './test-api.js';

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi({ RUNPOD_RUN_BYTES: '2048', RUNPOD_RUNSYNC_BYTES: '4096' });
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

async function post(url: string, payload: object) {
  const reply = await api.app.inject({ method: 'POST', url, payload });
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
