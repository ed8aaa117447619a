import { loadApiSettings } from '@polyreel/config';
import { connectDatabase, migrate, PrismaApiKeys } from '@polyreel/database';
import { createHash, randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';

const usage = `Usage: pnpm create-key --tenant NAME [--days N] [--scopes tasks:read,tasks:write]

Makes an API key, prints it once, and stores only its SHA-256.
`;

/** Random bytes of a key: 192 bits. */
const KEY_BYTES = 24;
/** Leading characters kept readable, so that people can tell keys apart. */
const PREFIX_LENGTH = 12;

const { values } = parseArgs({
  options: { tenant: { type: 'string' }, days: { type: 'string' }, scopes: { type: 'string' } },
});
const days = values.days === undefined ? undefined : Number(values.days);
if (!/^[\w-]{1,64}$/.test(values.tenant ?? '') || (days !== undefined && !(days > 0))) {
  process.stderr.write(usage);
  process.exit(2);
}

const settings = loadApiSettings();
await migrate(settings.databaseUrl);
const database = connectDatabase(settings.databaseUrl, { applicationName: 'polyreel-create-key' });
const key = `pr_live_${randomBytes(KEY_BYTES).toString('base64url')}`;
await new PrismaApiKeys(database.prisma).add({
  sha256: createHash('sha256').update(key).digest('hex'),
  prefix: key.slice(0, PREFIX_LENGTH),
  tenant: values.tenant!,
  scopes: values.scopes?.split(',') ?? ['tasks:read', 'tasks:write'],
  ...(days !== undefined && { expiresAt: new Date(Date.now() + days * 86_400_000) }),
});
await database.close();
process.stdout.write(`${key}\n`);
