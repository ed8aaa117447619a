import type { ApiError, InputProblem, ProblemRule } from './api-error.js';

/** Names FastAPI (Pydantic 2) gives to the kinds of problems; clients of the originals read them. */
const pydanticType: Record<ProblemRule, string> = {
  missing: 'missing',
  'unknown-field': 'extra_forbidden',
  string: 'string_type',
  integer: 'int_parsing',
  number: 'float_parsing',
  boolean: 'bool_parsing',
  list: 'list_type',
  object: 'model_attributes_type',
  file: 'value_error',
  choice: 'literal_error',
  'too-small': 'greater_than_equal',
  'too-large': 'less_than_equal',
  'too-short': 'string_too_short',
  'too-long': 'string_too_long',
  conflict: 'value_error',
};

/** Longest text of a refused value that is sent back. */
const MAX_ECHO = 200;

/** The 422 body of a FastAPI server. */
export function fastapiValidationBody(error: ApiError): unknown {
  const problems = error.details.problems ?? [];
  if (problems.length > 0) return { detail: problems.map(fastapiProblem) };
  return { detail: [{ type: 'json_invalid', loc: ['body', 0], msg: error.message, input: {} }] };
}

function fastapiProblem(problem: InputProblem): unknown {
  return {
    type: pydanticType[problem.rule],
    loc: [problem.location, ...problem.path],
    msg: problem.rule === 'missing' ? 'Field required' : problem.message,
    input: echo(problem.value),
  };
}

function echo(value: unknown): unknown {
  if (typeof value === 'string' && value.length > MAX_ECHO) return `${value.slice(0, MAX_ECHO)}...`;
  if (typeof value === 'object' && value !== null)
    return JSON.stringify(value).length > MAX_ECHO ? {} : value;
  return value ?? null;
}
