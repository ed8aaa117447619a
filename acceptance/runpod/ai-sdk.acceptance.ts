import { createRunpod } from '@runpod/ai-sdk-provider';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';

/** The provider takes a whole URL as the name of a model. */
const modelOf = (endpoint: string) =>
  createRunpod({ apiKey: 'key' }).video(`${inject('baseUrl')}/v2/${endpoint}`);

type Call = Parameters<ReturnType<typeof modelOf>['doGenerate']>[0];

const call: Call = {
  prompt: 'waves',
  n: 1,
  aspectRatio: undefined,
  resolution: '128x96',
  duration: 1,
  fps: undefined,
  seed: 7,
  image: undefined,
  providerOptions: { runpod: { pollIntervalMillis: 300 } },
} as unknown as Call;

async function downloaded(
  result: Awaited<ReturnType<ReturnType<typeof modelOf>['doGenerate']>>,
): Promise<string> {
  const [video] = result.videos;
  if (video?.type !== 'url') throw new Error('The provider gave no URL.');
  const reply = await fetch(video.url);
  expect(reply.status).toBe(200);
  expect((await reply.arrayBuffer()).byteLength).toBeGreaterThan(1000);
  return reply.headers.get('content-type')!;
}

describe('@runpod/ai-sdk-provider, unmodified', () => {
  it('makes a video of a text', async () => {
    const result = await modelOf('wan-t2v').doGenerate(call);
    expect(result.warnings).toEqual([]);
    expect(result.providerMetadata).toMatchObject({
      runpod: { jobId: expect.stringMatching(/-u1$/) as string },
    });
    expect(await downloaded(result)).toBe('video/mp4');
  });

  it('makes videos of images, given as bytes and as URL', async () => {
    const data = new Uint8Array(await readFile(join(inject('samples'), 'portrait.jpg')));
    const images = [
      { type: 'file', mediaType: 'image/jpeg', data },
      { type: 'url', url: `${inject('mediaServer')}/portrait.jpg` },
    ];
    for (const image of images)
      expect(
        await downloaded(await modelOf('wan-i2v').doGenerate({ ...call, image } as unknown as Call)),
      ).toBe('video/mp4');
  });

  it('passes on options of its own and throws what a failed or refused job says', async () => {
    const image = { type: 'url', url: `${inject('mediaServer')}/missing` };
    await expect(modelOf('wan-i2v').doGenerate({ ...call, image } as unknown as Call)).rejects.toThrow(
      /Video generation failed: .+/,
    );
    const providerOptions = { runpod: { steps_of_another_model: 3 } };
    await expect(
      modelOf('wan-t2v').doGenerate({ ...call, providerOptions } as unknown as Call),
    ).rejects.toThrow(/steps_of_another_model/);
  });
});
