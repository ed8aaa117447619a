import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { writeTone } from '../platform/media.js';
import { temporaryFolder } from '../platform/temporary-folder.js';
import { form, VideosClient } from './videos-client.js';

const client = new VideosClient(inject('baseUrl'));
const sdk = new VideosClient(inject('baseUrl'), { 'x-stainless-lang': 'js' });
const portrait = join(inject('samples'), 'portrait.jpg');

const folder = await temporaryFolder();
let longSpeech: string;
beforeAll(async () => {
  longSpeech = join(folder, 'long.wav');
  await writeTone(longSpeech, 300);
});

/** A job that takes minutes when nobody stops it. */
const createLong = async () =>
  client.create(
    await form({ size: '128x128' }, [
      ['input_reference', portrait],
      ['audio', longSpeech],
    ]),
  );

describe('delete', () => {
  it('removes queued jobs, protects running ones from OPEA clients and stops them for OpenAI clients', async () => {
    const running = await createLong();
    const queued = await createLong();
    await client.pollUntil(running.id, ['processing']);
    expect(await client.status(queued.id)).toMatchObject({ status: 'queued', progress: 0 });

    const removed = await client.request('DELETE', `/v1/videos/${queued.id}`);
    expect(removed).toMatchObject({
      status: 200,
      body: { id: queued.id, status: 'deleted', queue_length: 0, seconds: '300', error: '' },
    });
    expect((await client.request('GET', `/v1/videos/${queued.id}`)).status).toBe(404);

    expect(await client.request('DELETE', `/v1/videos/${running.id}`)).toMatchObject({
      status: 400,
      body: {
        error: {
          message: `Video with id ${running.id} is processing and cannot be deleted.`,
          code: '400',
        },
      },
    });
    expect((await client.status(running.id)).status).toBe('processing');
    expect((await sdk.status(running.id)).status).toBe('in_progress');

    const content = await client.request('GET', `/v1/videos/${running.id}/content`);
    expect(content).toMatchObject({ status: 404, body: { error: { code: '404' } } });

    // As OpenAI's Python SDK sends it: a JSON content type and no body.
    const stopped = await sdk.request('DELETE', `/v1/videos/${running.id}`, '');
    expect(stopped).toMatchObject({
      status: 200,
      body: { id: running.id, object: 'video.deleted', deleted: true },
    });
    expect((await sdk.request('GET', `/v1/videos/${running.id}`)).status).toBe(404);
  });
});
