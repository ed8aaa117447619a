import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeTone } from '../platform/media.js';
import { poll } from '../platform/poll.js';
import { RunpodClient } from './runpod-client.js';

/**
 * Puts a sound into the volume that keeps the engine busy for minutes, and returns the input of such a job.
 * The object store looks at the folder once a second, so this waits until a job with it is accepted.
 */
export async function placeLongSpeech(baseUrl: string, volumeDir: string, folder: string): Promise<object> {
  await mkdir(join(volumeDir, folder), { recursive: true });
  await writeTone(join(volumeDir, folder, 'long.wav'), 200);
  const input = { wav_path: `/my_volume/${folder}/long.wav`, width: 256, height: 256 };
  const client = new RunpodClient(baseUrl, `place-${folder}`);
  const replies = await poll(
    () => client.request('POST', '/run', { input }),
    ({ status }) => status === 200,
    10,
  );
  await client.ok('POST', `/cancel/${(replies.at(-1)!.body as { id: string }).id}`);
  return input;
}
