import { IsOptional, ValidateBy } from 'class-validator';
import { list } from './value-parsers.js';
import { Variable } from './variable.js';

const KEY_BYTES = 32;

/** What the API and the worker keep secrets of clients with, from their request to their use. */
export class SecretSettings {
  /** The first key seals, all of them open. Absent: no secrets are taken. */
  @Variable<string[]>('SECRETS_KEY', {
    allowed: 'the base64 of 32 random bytes; two with a comma between them while it is replaced',
    parse: list,
    secret: true,
  })
  @IsOptional()
  @ValidateBy(
    { name: 'isSecretsKey', validator: { validate: (value: unknown) => isSecretsKey(value) } },
    { each: true },
  )
  secretsKey?: string[];

  get keys(): Buffer[] {
    return (this.secretsKey ?? []).map((text) => Buffer.from(text, 'base64'));
  }
}

function isSecretsKey(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  const bytes = Buffer.from(value, 'base64');
  // Node skips what is not base64; the detour finds text that was cut off.
  return bytes.length === KEY_BYTES && bytes.toString('base64') === value;
}
