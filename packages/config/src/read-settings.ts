import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import { SettingsError, type WrongVariable } from './settings-error.js';
import { variableOf, type VariableFacts } from './variable.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads and validates one settings class.
 * @throws SettingsError listing every wrong variable at once.
 */
export function readSettings<T extends object>(type: new () => T, env: Environment): T {
  const present = presentVariables(env);
  const settings = plainToInstance(type, present, { excludeExtraneousValues: true });
  const errors = validateSync(settings, { forbidUnknownValues: true });
  if (errors.length > 0) throw new SettingsError(errors.flatMap((error) => describe(error, present)));
  return settings;
}

/** Compose files and shells pass unset variables as empty text, so blank means absent. */
function presentVariables(env: Environment): Record<string, string> {
  const present: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && value.trim() !== '') present[name] = value.trim();
  }
  return present;
}

function describe(error: ValidationError, present: Record<string, string>): WrongVariable[] {
  const nested = (error.children ?? []).flatMap((child) => describe(child, present));
  const facts = error.target && variableOf(error.target, error.property);
  if (!facts || !error.constraints) return nested;
  const rule = Object.entries(error.constraints).find(([name]) => name.startsWith('rule:'));
  return [
    { name: facts.name, value: shown(facts, present[facts.name]), allowed: rule?.[1] ?? facts.allowed },
    ...nested,
  ];
}

function shown(facts: VariableFacts, text: string | undefined): string | undefined {
  if (text === undefined || !facts.secret) return text;
  const masked = text.replace(/^([a-z+]+:\/\/[^:@/\s]*):[^\s]*@/i, '$1:***@');
  // Only a URL's host part is worth showing; anything else marked secret is hidden whole.
  return /^[a-z+]+:\/\//i.test(text) ? masked.replace(/\?.*$/, '?***') : '***';
}
