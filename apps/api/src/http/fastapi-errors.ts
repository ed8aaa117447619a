import type { ApiError, InputProblem, ProblemRule } from './api-error.js';

/** What Pydantic 2 calls a problem; clients of the FastAPI originals read both. */
interface Wording {
  readonly type: string;
  readonly msg: string;
}

/** Longest text of a refused value that is sent back. */
const MAX_ECHO = 200;

/** The 422 body of a FastAPI server: entries of exactly type, loc, msg and input. */
export function fastapiValidationBody(error: ApiError): { readonly detail: readonly object[] } {
  const problems = error.details.problems ?? [];
  if (problems.length > 0) return { detail: problems.map(fastapiProblem) };
  if (error.code === 'unsupported-content-type') {
    const { type, msg } = wordings.object({ location: 'body', path: [], rule: 'object', message: '' });
    return { detail: [{ type, loc: ['body'], msg, input: null }] };
  }
  const position = error.details.limit ?? 0;
  return { detail: [{ type: 'json_invalid', loc: ['body', position], msg: 'JSON decode error', input: {} }] };
}

function fastapiProblem(problem: InputProblem): object {
  const { type, msg } = wordings[problem.rule](problem);
  return { type, loc: [problem.location, ...problem.path], msg, input: echo(problem.value) };
}

const wordings: Record<ProblemRule, (problem: InputProblem) => Wording> = {
  missing: () => ({ type: 'missing', msg: 'Field required' }),
  'unknown-field': () => ({ type: 'extra_forbidden', msg: 'Extra inputs are not permitted' }),
  string: () => ({ type: 'string_type', msg: 'Input should be a valid string' }),
  integer: ({ value }) => integerWording(value),
  number: ({ value }) => ({
    type: typeof value === 'string' ? 'float_parsing' : 'float_type',
    msg: `Input should be a valid number${typeof value === 'string' ? ', unable to parse string as a number' : ''}`,
  }),
  boolean: ({ value }) => {
    const scalar = typeof value === 'string' || typeof value === 'number';
    const msg = `Input should be a valid boolean${scalar ? ', unable to interpret input' : ''}`;
    return { type: scalar ? 'bool_parsing' : 'bool_type', msg };
  },
  list: () => ({ type: 'list_type', msg: 'Input should be a valid list' }),
  object: () => ({
    type: 'model_attributes_type',
    msg: 'Input should be a valid dictionary or object to extract fields from',
  }),
  file: valueError,
  choice: (problem) => {
    const choices = problem.context?.choices;
    if (!Array.isArray(choices)) return valueError(problem);
    const quoted = choices.map((choice) => `'${String(choice)}'`);
    const list = [quoted.slice(0, -1).join(', '), quoted.at(-1)].filter(Boolean).join(' or ');
    return { type: 'literal_error', msg: `Input should be ${list}` };
  },
  'too-small': (problem) =>
    limited(problem, 'greater_than_equal', (limit) => `Input should be greater than or equal to ${limit}`),
  'too-large': (problem) =>
    limited(problem, 'less_than_equal', (limit) => `Input should be less than or equal to ${limit}`),
  'too-short': (problem) =>
    limited(problem, 'string_too_short', (limit) => `String should have at least ${limit} ${plural(limit)}`),
  'too-long': (problem) =>
    Array.isArray(problem.value)
      ? limited(problem, 'too_long', (limit) => `List should have at most ${limit} items after validation`)
      : limited(
          problem,
          'string_too_long',
          (limit) => `String should have at most ${limit} ${plural(limit)}`,
        ),
  conflict: valueError,
};

function integerWording(value: unknown): Wording {
  const base = 'Input should be a valid integer';
  if (typeof value === 'string')
    return { type: 'int_parsing', msg: `${base}, unable to parse string as an integer` };
  if (typeof value === 'number')
    return { type: 'int_from_float', msg: `${base}, got a number with a fractional part` };
  return { type: 'int_type', msg: base };
}

/** Rules Pydantic has no word for: its validators raise ValueError then. */
function valueError({ message }: InputProblem): Wording {
  return { type: 'value_error', msg: `Value error, ${message}` };
}

function limited(problem: InputProblem, type: string, msg: (limit: number) => string): Wording {
  const limit = problem.context?.limit;
  return { type, msg: typeof limit === 'number' ? msg(limit) : problem.message };
}

function plural(count: number): string {
  return count === 1 ? 'character' : 'characters';
}

function echo(value: unknown): unknown {
  if (typeof value === 'string' && value.length > MAX_ECHO) return `${value.slice(0, MAX_ECHO)}...`;
  if (typeof value === 'object' && value !== null)
    return JSON.stringify(value).length > MAX_ECHO ? {} : value;
  return value ?? null;
}
