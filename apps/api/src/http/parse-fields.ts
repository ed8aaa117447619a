import type { Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import { ApiError, type InputProblem, type ProblemRule } from './api-error.js';

const ruleOfConstraint: Record<string, ProblemRule> = {
  isDefined: 'missing',
  isString: 'string',
  isInt: 'integer',
  isNumber: 'number',
  isBoolean: 'boolean',
  isArray: 'list',
  isObject: 'object',
  isIn: 'choice',
  min: 'too-small',
  max: 'too-large',
  minLength: 'too-short',
  maxLength: 'too-long',
  arrayMaxSize: 'too-long',
  arrayMinSize: 'too-short',
  nestedValidation: 'object',
  whitelistValidation: 'unknown-field',
};

/** Wrong types make the other rules of a field meaningless; the first of these that failed is told. */
const precedence: readonly ProblemRule[] = [
  'missing',
  'string',
  'integer',
  'number',
  'boolean',
  'list',
  'object',
  'choice',
];

/**
 * A plain object as an instance of the DTO class, validated.
 * @param unknownFields what happens to fields the class does not have
 * @throws ApiError invalid-fields with all problems
 */
export function parseFields<T extends object>(
  dto: Type<T>,
  plain: unknown,
  location: InputProblem['location'] = 'body',
  unknownFields: 'ignore' | 'refuse' = 'ignore',
): T {
  if (typeof plain !== 'object' || plain === null || Array.isArray(plain)) {
    const message = 'The body must be a JSON object.';
    throw new ApiError('invalid-fields', message, {
      problems: [
        { location, path: [], rule: plain === undefined ? 'missing' : 'object', message, value: plain },
      ],
    });
  }
  const instance = plainToInstance(dto, plain, { exposeDefaultValues: true });
  const whitelist = unknownFields === 'refuse';
  const errors = validateSync(instance, {
    forbidUnknownValues: false,
    whitelist,
    forbidNonWhitelisted: whitelist,
  });
  const problems = errors.flatMap((error) => problemsOf(error, location, []));
  if (problems.length > 0) throw invalidFields(problems);
  return instance;
}

export function invalidFields(problems: readonly InputProblem[]): ApiError {
  const message = problems.map(({ message }) => message).join(' ');
  return new ApiError('invalid-fields', message, { problems });
}

function problemsOf(
  error: ValidationError,
  location: InputProblem['location'],
  parents: readonly (string | number)[],
): InputProblem[] {
  const segment = /^\d+$/.test(error.property) ? Number(error.property) : error.property;
  const path = [...parents, segment];
  const children = (error.children ?? []).flatMap((child) => problemsOf(child, location, path));
  const failed = Object.keys(error.constraints ?? {}).map(
    (constraint) => ruleOfConstraint[constraint] ?? 'conflict',
  );
  if (failed.length === 0) return children;
  const rule = precedence.find((candidate) => failed.includes(candidate)) ?? failed[0]!;
  const constraint = Object.keys(error.constraints!).find(
    (key) => (ruleOfConstraint[key] ?? 'conflict') === rule,
  )!;
  const message = sentence(path.join('.'), rule, error.constraints![constraint]!);
  const context = error.contexts?.[constraint] as InputProblem['context'];
  const value = error.value as unknown;
  return [{ location, path, rule, message, value, ...(context && { context }) }, ...children];
}

function sentence(name: string, rule: ProblemRule, text: string): string {
  if (rule === 'missing') return `Field '${name}' is required.`;
  if (rule === 'unknown-field') return `Field '${name}' is not known; check its spelling.`;
  return `Field '${name}': ${text}.`;
}
