import { describe, expect, it } from 'vitest';
import { ApiError, problemRules, type InputProblem } from './api-error.js';
import { fastapiValidationBody } from './fastapi-errors.js';
import { invalidFields } from './parse-fields.js';

const problem = (over: Partial<InputProblem>): InputProblem => ({
  location: 'body',
  path: ['field'],
  rule: 'missing',
  message: 'It must fit.',
  ...over,
});
const entry = (over: Partial<InputProblem>) =>
  fastapiValidationBody(invalidFields([problem(over)])).detail[0];

describe('fastapiValidationBody', () => {
  // Types and messages as Pydantic 2 gives them.
  it.each([
    [{ rule: 'missing' }, 'missing', 'Field required', null],
    [{ rule: 'string', value: 5 }, 'string_type', 'Input should be a valid string', 5],
    [
      { rule: 'integer', value: 'x' },
      'int_parsing',
      'Input should be a valid integer, unable to parse string as an integer',
      'x',
    ],
    [
      { rule: 'integer', value: 1.5 },
      'int_from_float',
      'Input should be a valid integer, got a number with a fractional part',
      1.5,
    ],
    [{ rule: 'integer', value: [1] }, 'int_type', 'Input should be a valid integer', [1]],
    [
      { rule: 'number', value: 'x' },
      'float_parsing',
      'Input should be a valid number, unable to parse string as a number',
      'x',
    ],
    [{ rule: 'number', value: {} }, 'float_type', 'Input should be a valid number', {}],
    [
      { rule: 'boolean', value: 'maybe' },
      'bool_parsing',
      'Input should be a valid boolean, unable to interpret input',
      'maybe',
    ],
    [{ rule: 'boolean', value: [] }, 'bool_type', 'Input should be a valid boolean', []],
    [{ rule: 'list', value: 'x' }, 'list_type', 'Input should be a valid list', 'x'],
    [
      { rule: 'too-small', value: 0, context: { limit: 1 } },
      'greater_than_equal',
      'Input should be greater than or equal to 1',
      0,
    ],
    [
      { rule: 'too-large', value: 9, context: { limit: 5 } },
      'less_than_equal',
      'Input should be less than or equal to 5',
      9,
    ],
    [
      { rule: 'too-long', value: 'abcd', context: { limit: 3 } },
      'string_too_long',
      'String should have at most 3 characters',
      'abcd',
    ],
    [
      { rule: 'too-short', value: '', context: { limit: 1 } },
      'string_too_short',
      'String should have at least 1 character',
      '',
    ],
    [
      { rule: 'choice', value: 'c', context: { choices: ['a', 'b'] } },
      'literal_error',
      "Input should be 'a' or 'b'",
      'c',
    ],
    [{ rule: 'conflict', value: 'x' }, 'value_error', 'Value error, It must fit.', 'x'],
  ] as const)('%j', (over, type, msg, input) => {
    expect(entry(over)).toEqual({ type, loc: ['body', 'field'], msg, input });
  });

  it.each(problemRules)('%s has exactly the four keys', (rule) => {
    expect(Object.keys(entry({ rule })!)).toEqual(['type', 'loc', 'msg', 'input']);
  });

  it('points at the character where JSON breaks, and at the body when it is no JSON at all', () => {
    expect(fastapiValidationBody(new ApiError('unreadable-body', '', { limit: 7 }))).toEqual({
      detail: [{ type: 'json_invalid', loc: ['body', 7], msg: 'JSON decode error', input: {} }],
    });
    expect(fastapiValidationBody(new ApiError('unsupported-content-type', ''))).toMatchObject({
      detail: [{ type: 'model_attributes_type', loc: ['body'], input: null }],
    });
  });

  it('never sends a long value back whole', () => {
    expect(JSON.stringify(entry({ rule: 'integer', value: 'x'.repeat(10_000) })).length).toBeLessThan(500);
    expect(JSON.stringify(entry({ rule: 'integer', value: ['x'.repeat(10_000)] })).length).toBeLessThan(500);
  });
});
