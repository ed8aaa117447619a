export interface WrongVariable {
  name: string;
  /** What was found, already masked; undefined when the variable is not set. */
  value: string | undefined;
  allowed: string;
}

/** Thrown when a process may not start; its message is meant for the terminal as it is. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';

  constructor(readonly wrong: readonly WrongVariable[]) {
    const lines = wrong.map(
      ({ name, value, allowed }) =>
        `  ${name} ${value === undefined ? 'is not set' : `= ${JSON.stringify(value)}`}; allowed: ${allowed}`,
    );
    super(`The settings are not usable:\n${lines.join('\n')}\nSee .env.example for every variable.`);
  }
}
