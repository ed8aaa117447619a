import { describe, expect, it } from 'vitest';
import { readDescription } from './description-reader.js';
import type { DescribeResponse } from './generated/polyreel/engine/v1/description.js';

function response(changes: Partial<DescribeResponse> = {}): DescribeResponse {
  return {
    engine: 'wan',
    version: '1.2.3',
    models: [],
    device: 'cuda:0',
    slots: 2,
    state: 2,
    message: '',
    ...changes,
  };
}

const parameter = { name: 'fps', type: 3, defaultJson: '', choices: [], description: '' };
const modelWith = (changes: object) => [
  { name: 'm', kinds: [{ kind: 3, inputs: [], parameters: [{ ...parameter, ...changes }] }] },
];

describe('description reader', () => {
  it('leaves out kinds and parameter types it does not know', () => {
    const kinds = [
      { kind: 99, inputs: [], parameters: [] },
      { kind: 3, inputs: [], parameters: [parameter, { ...parameter, name: 'new', type: 42 }] },
    ];
    const [model] = readDescription(response({ models: [{ name: 'm', kinds }] })).models;
    expect(model?.kinds.map((kind) => kind.kind)).toEqual(['t2v']);
    expect(model?.kinds[0]?.parameters.map(({ name }) => name)).toEqual(['fps']);
  });

  it('sends no jobs to an engine in a state it does not know', () => {
    const state: number = 17;
    expect(readDescription(response({ state })).state).toBe('failed');
    expect(readDescription(response({ state: 0 })).state).toBe('failed');
  });

  it.each([
    ['', undefined],
    ['25', 25],
    ['"para"', 'para'],
    ['false', false],
    ['null', undefined],
    ['[1]', undefined],
  ])('reads the default %j', (defaultJson, expected) => {
    const described = readDescription(response({ models: modelWith({ defaultJson }) }));
    expect(described.models[0]?.kinds[0]?.parameters[0]?.defaultValue).toBe(expected);
  });

  it('refuses an engine that breaks the contract', () => {
    const refusal = expect.objectContaining({ code: 'ENGINE_UNAVAILABLE' });
    expect(() => readDescription(response({ engine: '' }))).toThrow(refusal);
    expect(() => readDescription(response({ models: modelWith({ defaultJson: '{' }) }))).toThrow(refusal);
  });

  it('counts at least one slot', () => {
    expect(readDescription(response({ slots: 0 })).slots).toBe(1);
  });
});
