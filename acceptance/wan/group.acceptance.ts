import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LightX2VClient } from '../lightx2v/lightx2v-client.js';
import { Platform } from '../platform/platform.js';
import { EngineProcess, SETUP_MILLISECONDS, writeCheckpoint } from '../platform/engine-process.js';
import { temporaryFolder } from '../platform/temporary-folder.js';

/*
 * Two processes that share each video, started by torchrun: the platform sees one engine. That they make the same
 * video as one process does is proven by the tests of the engine.
 */
const folder = await temporaryFolder();
let engine: EngineProcess;
let platform: Platform;
let client: LightX2VClient;

beforeAll(async () => {
  const weights = join(folder, 'wan-t2v');
  await writeCheckpoint('t2v', 'original', weights);
  engine = await EngineProcess.start('wan', folder, ['--model', weights, '--ulysses_size', '2'], 2);
  platform = await Platform.start({ ENGINES: engine.address, MODEL_T2V: 'wan-t2v' });
  client = new LightX2VClient(platform.baseUrl);
}, SETUP_MILLISECONDS);
afterAll(async () => {
  await platform.stop();
  await engine.stop();
  expect(engine.completeEnds, engine.log.join('\n')).toBe(2);
});

it('makes videos, and the next one after a job that was cancelled in the middle', async () => {
  const wanted = { prompt: 'waves', infer_steps: 2, num_frames: 5, seed: 1, height: 64, width: 96 };
  const long = await client.create({ ...wanted, infer_steps: 100, num_frames: 81 });
  await client.pollUntil(long, ['running']);
  expect((await client.request('DELETE', `/tasks/${long}`)).status).toBe(200);
  const id = await client.create(wanted);
  const last = (await client.pollUntil(id, ['succeed', 'failed'])).at(-1)!;
  expect(last, engine.log.slice(-5).join('\n')).toMatchObject({ status: 'succeed', progress: 1 });
  expect((await client.status(long)).task_status).toBe('cancelled');
});
