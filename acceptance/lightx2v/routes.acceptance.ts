import { beforeAll, describe, expect, inject, it } from 'vitest';
import { form, LightX2VClient, texts } from './lightx2v-client.js';
import { tiny } from './tiny-video.js';

const baseUrl = inject('baseUrl');
const client = new LightX2VClient(baseUrl);

/** Status and location of an answer, redirects not followed. */
async function bare(
  method: string,
  path: string,
  body?: string | FormData,
): Promise<[number, string | null]> {
  const headers = typeof body === 'string' ? { 'content-type': 'application/json' } : undefined;
  const init = { method, redirect: 'manual', ...(body && { body }), ...(headers && { headers }) } as const;
  const response = await fetch(`${baseUrl}${path}`, init);
  await response.body?.cancel();
  return [response.status, response.headers.get('location')];
}

describe('both spellings of every path', () => {
  let id: string;
  beforeAll(async () => {
    id = await client.create(tiny);
    await client.pollUntil(id, ['succeed', 'failed']);
  });

  it('answer directly, never by redirect', async () => {
    const gets = [
      '/v1/tasks',
      '/v1/tasks/queue/status',
      `/v1/tasks/${id}/status`,
      `/v1/tasks/${id}/result`,
      `/v1/files/download/${id}.mp4`,
      '/v1/service/status',
      '/v1/service/metadata',
    ];
    for (const path of gets)
      for (const spelling of [path, `${path}/`, `/lightx2v${path}`])
        expect(await bare('GET', spelling), spelling).toEqual([200, null]);
    for (const spelling of [`/v1/tasks/${id}`, `/v1/tasks/${id}/`])
      expect(await bare('DELETE', spelling), spelling).toEqual([200, null]);
    for (const path of ['/v1/tasks', '/v1/tasks/video'])
      for (const spelling of [path, `${path}/`])
        expect(await bare('POST', spelling, JSON.stringify(tiny)), spelling).toEqual([200, null]);
    for (const spelling of ['/v1/tasks/video/form', '/v1/tasks/video/form/'])
      expect(await bare('POST', spelling, await form({ ...texts(tiny) }, {})), spelling).toEqual([200, null]);
  });

  it('leave the root to the documentation, and images to others', async () => {
    expect(await bare('GET', '/')).toEqual([307, '/docs']);
    for (const [method, path] of [
      ['POST', '/v1/images/generations'],
      ['POST', '/v1/images/edits'],
      ['POST', '/v1/tasks/image'],
      ['POST', '/v1/tasks/image/'],
      ['POST', '/v1/tasks/image/form'],
      ['POST', '/v1/tasks/image/sync?timeout_seconds=1'],
      ['POST', '/v1/tasks/sensenova-vision/'],
    ] as const) {
      const response = await fetch(`${baseUrl}${path}`, { method });
      expect([response.status, await response.json()], path).toEqual([
        404,
        { detail: 'This server makes videos; it has no image tasks.' },
      ]);
    }
  });
});

describe('exact replies', () => {
  it('metadata, and nothing about paths of the server', async () => {
    expect((await client.request('GET', '/service/metadata')).body).toEqual({
      nproc_per_node: expect.any(Number) as number,
      model_cls: expect.stringMatching(/./) as string,
      model_path: '',
    });
  });

  it('a status has the keys of both documents, and no others than ours', async () => {
    // Minutes long, so that there is no result yet.
    const id = await client.create({ ...tiny, video_duration: 60, width: 832, height: 480 });
    const { body } = await client.request('GET', `/tasks/${id}/status`);
    expect(Object.keys(body as object).sort()).toEqual(
      [
        ...['task_id', 'status', 'start_time', 'end_time', 'error', 'error_type', 'save_result_path'],
        ...['progress', 'message', 'task_status', 'error_code', 'stage', 'queue_position'],
        ...['estimated_seconds', 'result_url', 'result_url_expires_at'],
      ].sort(),
    );
    expect(await client.request('GET', `/tasks/${id}/result`)).toMatchObject({ status: 404 });
    await client.request('DELETE', `/tasks/${id}`);
  });

  it('stopping: the words of the original, also twice', async () => {
    const id = await client.create({ ...tiny, video_duration: 60, width: 832, height: 480 });
    const success = { stop_status: 'success', reason: 'Task stopped successfully.' };
    expect((await client.request('DELETE', `/tasks/${id}`)).body).toEqual(success);
    await client.pollUntil(id, ['failed']);
    expect((await client.request('DELETE', `/tasks/${id}`)).body).toEqual(success);
    const nothing = { stop_status: 'do_nothing', reason: 'Task not found or already completed.' };
    for (const path of ['/tasks/nobody', '/tasks/running'])
      expect((await client.request('DELETE', path)).body).toEqual(nothing);
  });

  it('lists by pages that a Link header leads through', async () => {
    for (let made = 0; made < 3; made += 1) await client.create({ ...tiny, seed: made });
    const seen: string[] = [];
    let path: string | undefined = '/v1/tasks/?limit=2';
    while (path && seen.length < 10) {
      const response: Response = await fetch(`${baseUrl}${path}`);
      const page = (await response.json()) as Record<string, { task_id: string; status: string }>;
      expect(Object.keys(page).length).toBeLessThanOrEqual(2);
      for (const [id, status] of Object.entries(page)) expect(status.task_id).toBe(id);
      seen.push(...Object.keys(page));
      path = /<([^>]+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1];
    }
    expect(seen.length).toBeGreaterThanOrEqual(3);
    expect(new Set(seen).size).toBe(seen.length);
  });
});
