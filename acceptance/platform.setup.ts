import { cp } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startMediaServer } from './platform/media-server.js';
import { writeTone } from './platform/media.js';
import { Platform } from './platform/platform.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Base URL of the API, without final slash. */
    baseUrl: string;
    /** Folder with portrait.jpg, two-people.jpg, portrait.mp4, speech.wav and speech-second.wav. */
    samples: string;
    /**
     * Folder on disk that is the volume of the bucket. It holds examples/ with the samples, input_video.mp4 and audio.wav,
     * and long.wav, which keeps the engine busy for minutes.
     */
    volumeDir: string;
    /** Base URL of a foreign server whose host may be fetched from. */
    mediaServer: string;
    /** Paths of programs. */
    ffprobe: string;
    ffmpeg: string;
    /** Python with the public clients installed. */
    python: string;
  }
}

const root = resolve(import.meta.dirname, '..');
const require = createRequire(import.meta.url);

/** Starts one platform for all suites, on free ports, with data of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const samples = join(root, 'inference/samples');
  const media = await startMediaServer(samples);
  const volumeIn = (dataDir: string) => join(dataDir, 's3/polyreel/volume');
  const platform = await Platform.start(
    {
      FETCH_ALLOW_HOSTS: new URL(media.url).host,
      FETCH_TIMEOUT_SECONDS: '15',
      FETCH_MAX_BYTES: String(64 * 1024 * 1024),
    },
    (dataDir) => fillVolume(volumeIn(dataDir), samples),
  );
  project.provide('baseUrl', platform.baseUrl);
  project.provide('samples', samples);
  project.provide('volumeDir', volumeIn(platform.dataDir));
  project.provide('mediaServer', media.url);
  project.provide('ffprobe', (require('@ffprobe-installer/ffprobe') as { path: string }).path);
  project.provide('ffmpeg', (require('@ffmpeg-installer/ffmpeg') as { path: string }).path);
  project.provide('python', join(root, '.venv/acceptance/bin/python'));
  return async () => {
    media.server.closeAllConnections();
    media.server.close();
    await platform.stop();
  };
}

async function fillVolume(volume: string, samples: string): Promise<void> {
  await cp(samples, join(volume, 'examples'), { recursive: true });
  await cp(join(samples, 'portrait.mp4'), join(volume, 'input_video.mp4'));
  await cp(join(samples, 'speech.wav'), join(volume, 'audio.wav'));
  await writeTone(join(volume, 'long.wav'), 200);
}
