import { describe, expect, it } from 'vitest';
import { EventReader } from './event-reader.js';
import { GenerateResponse } from './generated/polyreel/engine/v1/generation.js';

const progress = { stage: 2, fraction: 0, step: 0, steps: 0, chunk: 0, chunks: 0, message: '' };

describe('event reader', () => {
  it('passes over an output of an unknown role with all its bytes', () => {
    const reader = new EventReader();
    const start = (role: string): GenerateResponse => ({
      part: { $case: 'outputStart', outputStart: { role, mediaType: 'x/y' } },
    });
    const chunk: GenerateResponse = {
      part: { $case: 'outputChunk', outputChunk: { data: Buffer.from('b') } },
    };
    const messages = [start('depth'), chunk, chunk, start('result'), chunk, start('toString'), chunk];
    const events = messages.map((message) => reader.read(message)?.type);
    expect(events).toEqual([
      undefined,
      undefined,
      undefined,
      'output-start',
      'output-chunk',
      undefined,
      undefined,
    ]);
  });

  it('passes over a message of an unknown kind', () => {
    const unknownField = Uint8Array.of(0xfa, 0x01, 0x01, 0x00);
    expect(new EventReader().read(GenerateResponse.decode(unknownField))).toBeUndefined();
  });

  it.each([
    [-1, 0],
    [7, 1],
    [Number.NaN, 0],
    [Number.POSITIVE_INFINITY, 1],
    [0.5, 0.5],
  ])('keeps the fraction %d within 0 and 1', (fraction, expected) => {
    const message: GenerateResponse = { part: { $case: 'progress', progress: { ...progress, fraction } } };
    expect(new EventReader().read(message)).toMatchObject({ fraction: expected });
  });

  it.each([0, 9, -1])('takes the unknown stage %i for work on the frames', (stage) => {
    const message: GenerateResponse = { part: { $case: 'progress', progress: { ...progress, stage } } };
    expect(new EventReader().read(message)).toMatchObject({ stage: 'generating' });
  });

  it('takes absent parameters for none', () => {
    const message: GenerateResponse = {
      part: { $case: 'accepted', accepted: { effectiveParameters: undefined } },
    };
    expect(new EventReader().read(message)).toEqual({ type: 'accepted', effectiveParameters: {} });
  });
});
