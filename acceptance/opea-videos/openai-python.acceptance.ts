import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, inject, it, onTestFinished } from 'vitest';
import { durationOf, probe } from '../platform/media.js';

const run = promisify(execFile);

it('openai for Python, unmodified: create_and_poll, list, download_content, delete', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'polyreel-openai-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const out = join(folder, 'video.mp4');
  const samples = inject('samples');
  const { stdout } = await run(inject('python'), [
    join(import.meta.dirname, 'openai_client.py'),
    `${inject('baseUrl')}/v1`,
    join(samples, 'portrait.jpg'),
    `${inject('mediaServer')}/speech-second.wav`,
    out,
  ]);
  const spoken = Math.floor(await durationOf(inject('ffprobe'), join(samples, 'speech-second.wav')));
  expect(JSON.parse(stdout)).toEqual({
    statuses: ['completed', 'completed', 'completed', 'failed'],
    progress: 100,
    seconds: ['1', String(spoken)],
    error: 'input_unreachable',
    listed: true,
    deleted: [true, true, true, true],
    gone: true,
  });
  expect((await probe(inject('ffprobe'), out)).video).toMatchObject({
    codec: 'h264',
    width: 128,
    height: 128,
  });
});
