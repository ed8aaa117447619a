import { connectDatabase, PrismaApiKeys, type Database } from '@polyreel/database';
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestApi, type TestApi } from './test-api.js';

let api: TestApi;
let database: Database;
beforeAll(async () => {
  api = await openTestApi({ AUTH: 'keys', QUEUE_LIMIT: '40' });
  database = connectDatabase(api.databaseUrl, { applicationName: 'polyreel-test' });
  const keys = new PrismaApiKeys(database.prisma);
  for (const tenant of ['acme', 'other'])
    await keys.add({
      sha256: createHash('sha256').update(`pr_live_${tenant}`).digest('hex'),
      prefix: 'pr_live_',
      tenant,
      scopes: ['tasks:read', 'tasks:write'],
    });
});
afterAll(async () => {
  await database.close();
  await api.close();
});

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

async function create(
  key: string,
  body: object = { prompt: 'waves' },
  tenant = 'acme',
  url = '/v1/tasks/video',
) {
  const reply = await api.app.inject({
    method: 'POST',
    url,
    headers: { authorization: `Bearer pr_live_${tenant}`, 'idempotency-key': key },
    payload: body,
  });
  return { status: reply.statusCode, body: reply.json<{ task_id?: string; detail?: unknown }>() };
}

const rowsOf = (publicId: string | undefined) =>
  database.prisma.task.count({ where: { publicId: publicId! } });

describe('a key', () => {
  it('counts for its tenant and its path', async () => {
    const replies = [
      await create('k1'),
      await create('k1', undefined, 'other'),
      await create('k1', undefined, 'acme', '/lightx2v/v1/tasks/video'),
    ];
    expect(new Set(replies.map(({ body }) => body.task_id)).size).toBe(3);
    expect((await create('k1', undefined, 'acme', '/v1/tasks/video/?x=1')).body).toEqual(replies[0]!.body);
  });

  it('repeats a random seed and an id of ours, but not those the client names', async () => {
    const first = await create('k2');
    expect(await create('k2')).toEqual(first);
    expect((await create('k2', { prompt: 'waves', seed: 1 })).status).toBe(422);
    expect((await create('k2', { prompt: 'waves', task_id: 'mine' })).status).toBe(422);
    const mine = await create('k3', { prompt: 'waves', task_id: 'mine' });
    expect(mine.body.task_id).toBe('mine');
    expect(await create('k3', { task_id: 'mine', prompt: 'waves' })).toEqual(mine);
    // Without its key a chosen id is a duplicate, as in the original.
    expect((await create('k4', { prompt: 'waves', task_id: 'mine' })).status).toBe(503);
  });

  it('makes one row and keeps one copy of the media, however many come at once', async () => {
    const body = {
      prompt: 'waves',
      image_path: `data:image/png;base64,${png.toString('base64')}`,
    };
    const replies = await Promise.all(Array.from({ length: 20 }, () => create('k5', body)));
    const ids = new Set(replies.map(({ body: { task_id } }) => task_id));
    expect(ids.size).toBe(1);
    const [id] = ids;
    expect(await rowsOf(id)).toBe(1);
    // The same picture with one byte more is another file.
    const changed = Buffer.concat([png, Buffer.alloc(1)]);
    const other = { ...body, image_path: `data:image/png;base64,${changed.toString('base64')}` };
    expect((await create('k5', other)).status).toBe(422);
  });

  it('ends after 24 hours, and with its task', async () => {
    const first = (await create('k6')).body.task_id!;
    await database.prisma.$executeRaw`
      UPDATE idempotency_key SET expires_at = expires_at - interval '86000 seconds' WHERE key = 'k6'`;
    expect((await create('k6')).body.task_id).toBe(first);
    await database.prisma.$executeRaw`
      UPDATE idempotency_key SET expires_at = expires_at - interval '400 seconds' WHERE key = 'k6'`;
    const second = (await create('k6')).body.task_id!;
    expect(second).not.toBe(first);
    await database.prisma.task.deleteMany({ where: { publicId: second } });
    expect((await create('k6', { prompt: 'other' })).status).toBe(200);
  });

  it('is documented on every create', async () => {
    const paths: Record<string, string[]> = {
      lightx2v: ['/v1/tasks/video', '/v1/tasks/video/form'],
      runpod: ['/v2/{endpoint}/run', '/v2/{endpoint}/runsync'],
      'opea-videos': ['/v1/videos'],
      latentsync: ['/sync'],
    };
    for (const [dialect, creates] of Object.entries(paths)) {
      const reply = await api.app.inject({ method: 'GET', url: `/docs/${dialect}/openapi.json` });
      const document = reply.json<{
        paths: Record<string, { post: { parameters?: { name: string; in: string }[] } }>;
      }>();
      for (const path of creates)
        expect(document.paths[path]?.post.parameters, path).toContainEqual(
          expect.objectContaining({ name: 'Idempotency-Key', in: 'header', required: false }),
        );
    }
  });
});
