import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const names = ['postgresPassword', 'redisPassword', 's3AccessKeyId', 's3SecretAccessKey'] as const;
export type StoredSecrets = Record<(typeof names)[number], string>;

/** Random credentials of the embedded services, made on the first start; the file is for its owner only. */
export function storedSecrets(path: string): StoredSecrets {
  const known = read(path);
  const secrets = Object.fromEntries(
    names.map((name) => [name, known[name] ?? randomBytes(24).toString('hex')]),
  ) as StoredSecrets;
  if (names.some((name) => !known[name])) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.part`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${path}.part`, path);
  }
  return secrets;
}

function read(path: string): Partial<StoredSecrets> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
  return JSON.parse(text) as Partial<StoredSecrets>;
}
