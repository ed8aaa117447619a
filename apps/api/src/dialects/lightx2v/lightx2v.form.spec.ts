import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { context } from '../../../test/lightx2v-requests.js';
import { parseFields } from '../../http/parse-fields.js';
import { LightX2VCreateBody } from './lightx2v.dto.js';
import { fromForm } from './lightx2v.inbound.js';
import { structuredFields } from './lightx2v.request.js';

describe('inbound of forms', () => {
  const media = (role: 'image' | 'audio', mediaType: string) => ({
    field: `${role}_file`,
    media: {
      role,
      mediaType,
      bytes: 1,
      sha256: '',
      facts: {},
      open: () => Readable.from([]),
      discard: () => Promise.resolve(),
    },
  });
  const form = (fields: object, files: ReturnType<typeof media>[] = []) =>
    fromForm(parseFields(LightX2VCreateBody, structuredFields({ ...fields })), { files }, context);

  it('has the seed 42 when none is given', () => {
    expect(form({ prompt: 'x' }).parameters.seed).toBe(42);
    expect(form({ prompt: 'x', seed: '7' }).parameters.seed).toBe(7);
  });

  it('needs image and audio for a talking video, and nothing for text to video', () => {
    const image = media('image', 'image/png');
    expect(form({}, [image, media('audio', 'audio/wav')]).kind).toBe('talk');
    expect(form({}, [image]).kind).toBe('i2v');
    expect(() => form({}, [media('audio', 'audio/wav')])).toThrow('image_file');
    expect(() => form({}, [media('image', 'video/mp4')])).toThrow('audio_file is required for InfiniteTalk');
    expect(() => form({ size: 'infinitetalk-480' }, [image])).toThrow('audio_file is required');
  });

  it('reads lists from JSON text and media from text fields', () => {
    const talk_objects = '[{"audio": "a.wav"}]';
    const submission = form({ size: '[256, 128]', talk_objects, image_path: 'https://h/a.png' });
    expect(submission).toMatchObject({ kind: 'talk', parameters: { width: 128, height: 256 } });
    expect(() => form({ prompt: 'x', talk_objects: '[{' })).toThrow('talk_objects');
    expect(() => form({ prompt: 'x', target_shape: '[1' })).toThrow('target_shape');
  });
});
