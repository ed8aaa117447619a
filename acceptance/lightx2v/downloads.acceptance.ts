import { beforeAll, describe, expect, inject, it } from 'vitest';
import { LightX2VClient } from './lightx2v-client.js';
import { tiny } from './tiny-video.js';

const baseUrl = inject('baseUrl');
const client = new LightX2VClient(baseUrl);

describe('downloads by the path a client wished', () => {
  const wish = `odd folder/äöü ${Date.now()}/../out.mp4`;
  let id: string;
  beforeAll(async () => {
    const task_id = `wish-${Date.now()}`;
    id = await client.create({ ...tiny, task_id, save_result_path: wish });
    expect(id).toBe(task_id);
    const last = (await client.pollUntil(id, ['succeed', 'failed'])).at(-1)!;
    expect(last).toMatchObject({ status: 'succeed', save_result_path: wish });
  });

  const download = (path: string, init: RequestInit = {}) =>
    fetch(`${baseUrl}/v1/files/download/${path}`, init);

  it('find the video by it, by the id and by every path of the guide, with HEAD, ETag and Range', async () => {
    const whole = Buffer.from(await (await download(`${id}.mp4`)).arrayBuffer());
    const paths = [encodeURIComponent(wish), `outputs/videos/${id}.mp4`, `/app/outputs/${id}.mp4`, id];
    for (const path of paths) {
      const response = await download(path);
      expect([response.status, response.headers.get('content-type')], path).toEqual([200, 'video/mp4']);
      expect(response.headers.get('content-disposition')).toContain('attachment');
      expect(Buffer.from(await response.arrayBuffer())).toEqual(whole);
    }
    const head = await download(encodeURIComponent(wish), { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(whole.length)]);
    const part = await download(`${id}.mp4`, { headers: { range: 'bytes=4-7' } });
    expect([part.status, Buffer.from(await part.arrayBuffer()).toString()]).toEqual([206, 'ftyp']);
    const same = await download(`${id}.mp4`, { headers: { 'if-none-match': head.headers.get('etag')! } });
    expect(same.status).toBe(304);
  });

  it('never leave the database', async () => {
    const answers: [string, number, string][] = [
      ['nothing.mp4', 404, 'File not found: nothing.mp4'],
      ['..%2F..%2Fetc%2Fpasswd', 403, 'Access to this file is not allowed'],
      ['%2e%2e%2fsecret', 403, 'Access to this file is not allowed'],
      ['%2Fetc%2Fpasswd', 404, 'File not found: /etc/passwd'],
    ];
    for (const [path, status, detail] of answers) {
      const response = await download(path);
      expect([path, response.status, await response.json()]).toEqual([path, status, { detail }]);
    }
  });
});
