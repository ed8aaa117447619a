import { describe, expect, it } from 'vitest';
import { parseFields } from '../../http/parse-fields.js';
import syncRequest from './__fixtures__/sync-request.json' with { type: 'json' };
import { LatentSyncRequest } from './latentsync.dto.js';
import { fromRequest, type InboundContext } from './latentsync.inbound.js';

const context: InboundContext = {
  tenant: 'acme',
  models: ['latentsync-1.6', 'preview'],
  newTaskId: () => 'id',
};
const inbound = (body: object) => fromRequest(parseFields(LatentSyncRequest, body), context);

describe('inbound', () => {
  it("reads the document's request with the original's defaults", () => {
    expect(inbound(syncRequest)).toMatchObject({
      kind: 'lipsync',
      model: 'latentsync-1.6',
      parameters: { steps: 20, guidance_scale: 1, seed: 1247, return_mask: true },
      inputs: [
        { role: 'video', source: { type: 'url', url: 'https://example.com/video.mp4' } },
        { role: 'audio', source: { type: 'url', url: 'https://example.com/audio.wav' } },
      ],
    });
  });

  it('takes a checkpoint only as the name of a model', () => {
    for (const inference_ckpt_path of ['checkpoints/unet.ckpt', 'latentsync-1.6', ''])
      expect(inbound({ ...syncRequest, inference_ckpt_path }).model).toBe('latentsync-1.6');
    expect(inbound({ ...syncRequest, inference_ckpt_path: 'preview' }).model).toBe('preview');
    for (const inference_ckpt_path of ['/etc/passwd', '../latentsync-1.6', 'toString'])
      expect(() => inbound({ ...syncRequest, inference_ckpt_path })).toThrow('latentsync-1.6, preview');
  });

  it.each([
    [{ inference_steps: 0 }, 'inference_steps'],
    [{ inference_steps: 101 }, 'inference_steps'],
    [{ guidance_scale: -0.1 }, 'guidance_scale'],
    [{ guidance_scale: 11 }, 'guidance_scale'],
    [{ seed: -1 }, 'seed'],
    [{ seed: 1.5 }, 'seed'],
    [{ ignore_cache: 'perhaps' }, 'ignore_cache'],
    [{ video_url: '' }, 'video_url'],
    [{ audio_url: 7 }, 'audio_url'],
    [{ audio_url: undefined }, 'audio_url'],
  ])('%j is refused', (fields, name) => {
    expect(() => inbound({ ...syncRequest, ...fields })).toThrow(name);
  });

  it('takes all documented fields, and ignores others', () => {
    const fields = {
      unet_config_path: 'configs/unet.yaml',
      inference_steps: '25',
      guidance_scale: 1.5,
      seed: 7,
      ignore_cache: true,
      loop_mode: 'x',
    };
    expect(inbound({ ...syncRequest, ...fields }).parameters).toEqual({
      steps: 25,
      guidance_scale: 1.5,
      seed: 7,
      return_mask: true,
    });
  });
});
