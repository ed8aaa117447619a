import type { EngineKind, ParameterDescription } from '../ports/engine.js';
import type { GenerationParameters } from './generation-parameters.js';
import type { JsonObject } from './json.js';
import { TaskError } from './task-error.js';

/**
 * Splits parameters into those the model has and the names of those it does not. Dialects carry
 * parameters of many models; one that would do nothing is told to the user instead of refused.
 */
export function parametersFor(
  kind: Pick<EngineKind, 'parameters'>,
  parameters: GenerationParameters,
): { readonly used: JsonObject; readonly unused: readonly string[] } {
  const known = new Set(kind.parameters.map(({ name }) => name));
  const given = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [{ name, value }],
  );
  return {
    used: Object.fromEntries(
      given.filter(({ name }) => known.has(name)).map(({ name, value }) => [name, value]),
    ),
    unused: given.filter(({ name }) => !known.has(name)).map(({ name }) => name),
  };
}

/** @throws TaskError INVALID_INPUT naming the parameter and its range */
export function checkParameterRanges(
  kind: Pick<EngineKind, 'parameters'>,
  parameters: GenerationParameters,
): void {
  for (const description of kind.parameters) {
    const value = parameters[description.name];
    const problem = value === undefined ? undefined : problemOf(description, value);
    if (problem) throw new TaskError('INVALID_INPUT', `Parameter ${description.name} ${problem}.`);
  }
}

function problemOf(description: ParameterDescription, value: string | number | boolean): string | undefined {
  const { type, minimum, maximum, choices } = description;
  const expected = type === 'integer' ? 'number' : type;
  if (typeof value !== expected) return `must be a ${type}`;
  if (typeof value === 'number') {
    if (type === 'integer' && !Number.isSafeInteger(value)) return 'must be a whole number';
    if (minimum !== undefined && value < minimum) return `must be at least ${minimum}`;
    if (maximum !== undefined && value > maximum) return `must be at most ${maximum}`;
  }
  if (typeof value === 'string' && choices.length > 0 && !choices.includes(value))
    return `must be one of ${choices.join(', ')}`;
  return undefined;
}
