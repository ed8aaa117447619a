import { loadApiSettings } from '@polyreel/config';
import { connectDatabase, migrate, PrismaApiKeys } from '@polyreel/database';
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { storeKey } from './http/stored-key.js';

const usage = `Usage: pnpm create-key --tenant NAME [--days N] [--scopes tasks:read,tasks:write] [--status-words server|guide]

Makes an API key, prints it once, and stores only its SHA-256.
--status-words: how the key's LightX2V tasks word their status; see docs/dialects/lightx2v.md.
`;

/** Random bytes of a key: 192 bits. */
const KEY_BYTES = 24;

const { values } = parseArgs({
  options: {
    tenant: { type: 'string' },
    days: { type: 'string' },
    scopes: { type: 'string' },
    'status-words': { type: 'string' },
  },
});
const days = values.days === undefined ? undefined : Number(values.days);
const words = values['status-words'];
if (
  !/^[\w-]{1,64}$/.test(values.tenant ?? '') ||
  (days !== undefined && !(days > 0)) ||
  !['server', 'guide', undefined].includes(words)
) {
  process.stderr.write(usage);
  process.exit(2);
}

const settings = loadApiSettings();
await migrate(settings.databaseUrl);
const database = connectDatabase(settings.databaseUrl, { applicationName: 'polyreel-create-key' });
const key = `pr_live_${randomBytes(KEY_BYTES).toString('base64url')}`;
const expiresAt = days === undefined ? undefined : new Date(Date.now() + days * 86_400_000);
const keySettings = words === undefined ? undefined : { status_vocabulary: words };
const keys = new PrismaApiKeys(database.prisma);
await storeKey(keys, key, values.tenant!, values.scopes?.split(','), expiresAt, keySettings);
await database.close();
process.stdout.write(`${key}\n`);
