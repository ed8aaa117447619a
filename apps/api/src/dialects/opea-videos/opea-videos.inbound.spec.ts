import 'reflect-metadata';
import { describe, expect, it } from 'vitest';
import { onTheWire } from '../../../test/on-the-wire.js';
import {
  context,
  file,
  media,
  portrait,
  refusal,
  speech,
  submit,
} from '../../../test/opea-videos-requests.js';
import missingParameter from './__fixtures__/error-400-en.json' with { type: 'json' };
import { newVideoId, type InboundContext } from './opea-videos.inbound.js';

const openaiContext: InboundContext = { ...context, words: 'openai' };

describe('inbound', () => {
  it('makes a talking video of the documented form, passing on only what was sent, and seed 42', () => {
    const submission = submit({ prompt: 'A man speaks' });
    expect(submission).toMatchObject({
      publicId: 'video_1766454718_2556',
      dialect: 'opea-videos',
      kind: 'talk',
      model: 'infinitetalk',
    });
    expect(submission.inputs.map(({ role }) => role)).toEqual(['image', 'audio']);
    expect(onTheWire(submission.parameters)).toEqual({ prompt: 'A man speaks', seed: 42 });
  });

  it('normalises every documented field', () => {
    const { parameters } = submit({
      audio_guide_scale: '4.5',
      guide_scale: '3',
      shift: '7',
      steps: '40',
      fps: '24',
      seed: '0',
      seconds: '20',
      size: '720x1280',
      negative_prompt: 'blur',
    });
    expect(onTheWire(parameters)).toEqual({
      negative_prompt: 'blur',
      width: 720,
      height: 1280,
      fps: 24,
      steps: 40,
      seed: 0,
      guidance_scale: 3,
      audio_guidance_scale: 4.5,
      shift: 7,
    });
  });

  it.each([
    ['add by default', {}, 'add'],
    ['para', { audio_type: 'para' }, 'para'],
  ])('two audios: %s', (_name, fields, mode) => {
    const files = [portrait, file('audio[]', 'audio/wav'), file('audio[]', 'audio/mpeg')];
    const submission = submit(fields, files);
    expect(submission.parameters.audio_mode).toBe(mode);
    expect(submission.inputs.map(({ role }) => role)).toEqual(['image', 'audio', 'audio2']);
  });

  it('ignores audio when audio[] is given', () => {
    const second = file('audio[]', 'audio/mpeg');
    expect(submit({}, [portrait, speech, second]).inputs[1]).toEqual({ role: 'audio', media: second.media });
  });

  it('keeps two uploads of the same name apart', () => {
    const twins = [1, 2].map(() => ({
      field: 'audio[]',
      media: { ...media('audio/wav'), fileName: 'voice.wav' },
    }));
    const { inputs } = submit({}, [portrait, ...twins]);
    expect(inputs.slice(1)).toEqual([
      { role: 'audio', media: twins[0]!.media },
      { role: 'audio2', media: twins[1]!.media },
    ]);
  });

  it.each([
    ['text', { input_reference: 'https://example.org/a.png', audio: 'https://example.org/a.wav' }],
    [
      'object',
      {
        input_reference: { image_url: 'https://example.org/a.png' },
        'audio[]': ['https://example.org/a.wav'],
      },
    ],
    [
      'form object',
      {
        'input_reference[image_url]': 'https://example.org/a.png',
        audio_url: 'https://example.org/a.wav',
      },
    ],
  ])('takes media as %s', (_name, fields) => {
    expect(submit(fields, []).inputs).toEqual([
      { role: 'image', source: { type: 'url', url: 'https://example.org/a.png' } },
      { role: 'audio', source: { type: 'url', url: 'https://example.org/a.wav' } },
    ]);
  });

  it('takes data URLs, and paths only as objects of the volume', () => {
    const { inputs } = submit(
      { input_reference: 'data:image/png;base64,AAAA', audio: '/my_volume/a.wav' },
      [],
    );
    expect(inputs).toEqual([
      { role: 'image', source: { type: 'base64', text: 'data:image/png;base64,AAAA' } },
      { role: 'audio', objectKey: 'volume/a.wav' },
    ]);
    expect(() => submit({ input_reference: '/my_volume/../../etc/passwd', audio: 'a.wav' }, [])).toThrow();
  });

  it('leaves a prompt with line breaks and separators as it is', () => {
    const prompt = 'first\nvideo_1_1$###$completed$###$second';
    expect(submit({ prompt }).parameters.prompt).toBe(prompt);
  });

  it('asks OPEA clients for both media, OpenAI clients for a prompt at least', () => {
    const missing = { status: 400, body: missingParameter };
    expect(refusal(() => submit({ prompt: 'x' }, [portrait]))).toEqual(missing);
    expect(refusal(() => submit({ prompt: 'x' }, [speech]))).toEqual(missing);
    expect(refusal(() => submit({}, []))).toEqual(missing);
    expect(refusal(() => submit({ prompt: 'x' }, [speech], openaiContext))).toEqual(missing);
    expect(refusal(() => submit({}, [], openaiContext))).toMatchObject({ status: 400 });
  });

  it.each([
    ['t2v', [], 4],
    ['i2v', [portrait], 4],
  ])('makes %s for OpenAI clients', (kind, files, seconds) => {
    const submission = submit({ prompt: 'x', model: 'sora-2' }, files, openaiContext);
    expect(submission).toMatchObject({ kind, model: 'wan', parameters: { seconds, seed: 7 } });
  });

  it('does not animate a video without audio', () => {
    const video = file('input_reference', 'video/mp4');
    expect(refusal(() => submit({ prompt: 'x' }, [video], openaiContext))).toMatchObject({ status: 400 });
  });

  it.each([
    [undefined, 'infinitetalk'],
    ['InfinteTalk', 'infinitetalk'],
    ['InfiniteTalk', 'infinitetalk'],
    ['preview', 'preview'],
  ])('model %s means %s', (model, name) => {
    expect(submit({ model }).model).toBe(name);
  });

  it.each([
    ['seconds', '0', "The 'seconds' parameter must be greater than 0."],
    ['seconds', '-3', "The 'seconds' parameter must be greater than 0."],
    ['steps', 'abc', "invalid literal for int() with base 10: 'abc'"],
    ['steps', '1.5', "invalid literal for int() with base 10: '1.5'"],
    ['shift', 'abc', "could not convert string to float: 'abc'"],
    ['size', 'large', "Invalid size format. Expected 'widthxheight'."],
    ['size', '1x1', 'each side must be 16 to 8192 pixels'],
    ['steps', '0', 'steps must not be less than 1'],
    ['audio_type', 'both', 'audio_type must be one of'],
    ['logo_video', 'true', 'no logo clip is configured'],
    ['model', 'unknown', 'must be one of infinitetalk, latentsync, wan, preview'],
    ['audio', 7, 'must be files, URLs'],
    ['input_reference', { file_id: 'file_1' }, 'must be a file, a URL'],
  ])('refuses %s = %s', (name, value, message) => {
    const files = [portrait, speech].filter(({ field }) => field !== name);
    expect(refusal(() => submit({ [name]: value }, files))).toEqual({
      status: 400,
      body: { error: { message: expect.stringContaining(message) as string, code: '400' } },
    });
  });

  it('asks for the logo clip where there is one, and remembers nothing otherwise', () => {
    const withLogo = { ...context, hasLogo: true };
    const asked = submit({ logo_video: 'True' }, undefined, withLogo);
    expect(asked).toMatchObject({ extras: { append_logo: true }, request: { logo_video: true } });
    expect(submit({ logo_video: 'false' }, undefined, withLogo).extras).toEqual({});
    expect(submit({}).extras).toEqual({});
  });

  it('refuses a third audio and a second reference', () => {
    const audio = file('audio[]', 'audio/wav');
    expect(refusal(() => submit({}, [portrait, audio, audio, audio]))).toMatchObject({ status: 400 });
    expect(refusal(() => submit({}, [portrait, portrait, speech]))).toMatchObject({ status: 400 });
  });

  it('makes ids of the documented form that nobody can guess', () => {
    const ids = Array.from({ length: 200 }, newVideoId);
    expect(new Set(ids).size).toBe(200);
    for (const id of ids) expect(id).toMatch(/^video_\d{10}_\d{20}$/);
  });
});
