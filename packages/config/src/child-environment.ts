import type { Environment } from './read-settings.js';

/**
 * The environment for a child process: the parent's, with `overrides` laid over it.
 * A name whose override is undefined is left out, so that a child sees nothing it should not.
 */
export function childEnvironment(
  overrides: Environment,
  env: Environment = process.env,
): Record<string, string> {
  const merged = Object.entries({ ...env, ...overrides });
  return Object.fromEntries(merged.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
