import {
  IsBoolean,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsOptional,
  Matches,
  Max,
  Min,
  MinLength,
} from 'class-validator';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { CommonSettings } from './common-settings.js';
import { FetchSettings } from './fetch-settings.js';
import { LimitSettings } from './limit-settings.js';
import { ModelSettings } from './model-settings.js';
import { readSettings, type Environment } from './read-settings.js';
import { Rule } from './rule.js';
import { SpoolDirectory } from './spool-directory.js';
import { boolean, integer, list } from './value-parsers.js';
import { Group, Variable } from './variable.js';
import { WebhookSettings } from './webhook-settings.js';

/** Everything the API process can be told; see `.env.example` for the meaning of each variable. */
export class ApiSettings extends CommonSettings {
  @Variable('HOST', { allowed: 'an address or host name to listen on', fallback: '127.0.0.1' })
  @IsNotEmpty()
  host: string;

  /** 0 lets the system choose a free port. */
  @Variable('PORT', { allowed: 'a port from 0 to 65535', parse: integer, fallback: 8080 })
  @IsInt()
  @Min(0)
  @Max(65_535)
  port: number;

  @Variable<string>('AUTH', { allowed: 'off or keys', fallback: 'off' })
  @IsIn(['off', 'keys'])
  @Rule<ApiSettings>(
    'auth-off-only-on-loopback',
    'keys, because HOST is reachable from other machines (or AUTH_OFF_ANYWHERE=true to accept that risk)',
    ({ auth, host, authOffAnywhere }) => auth !== 'off' || authOffAnywhere === true || isLoopback(host),
  )
  auth: 'off' | 'keys';

  @Variable('AUTH_OFF_ANYWHERE', { allowed: 'true or false', parse: boolean, fallback: false })
  @IsBoolean()
  authOffAnywhere: boolean;

  /** With AUTH=keys: a key of the tenant "default" that is stored at start when it is not known yet. */
  @Variable('POLYREEL_API_KEY', { allowed: 'a key of at least 24 characters', secret: true })
  @IsOptional()
  @MinLength(24)
  apiKey?: string;

  @Group(() => ModelSettings)
  models: ModelSettings;

  /** Queued tasks beyond this number are refused as "too many". */
  @Variable('QUEUE_LIMIT', { allowed: 'a whole number, at least 1', parse: integer, fallback: 1000 })
  @IsInt()
  @Min(1)
  queueLimit: number;

  /** Runs of one task before a retryable error becomes final. */
  @Variable('MAX_ATTEMPTS', { allowed: 'a whole number from 1 to 100', parse: integer, fallback: 3 })
  @IsInt()
  @Min(1)
  @Max(100)
  maxAttempts: number;

  @Group(() => LimitSettings)
  limits: LimitSettings;

  /** Validity of a presigned link in seconds; S3 itself allows a week at most. */
  @Variable('LINK_SECONDS', { allowed: 'seconds from 1 to 604800', parse: integer, fallback: 3600 })
  @IsInt()
  @Min(1)
  @Max(604_800)
  linkSeconds: number;

  @Variable<string>('DOWNLOADS', { allowed: 'stream or redirect', fallback: 'stream' })
  @IsIn(['stream', 'redirect'])
  downloads: 'stream' | 'redirect';

  /** Path beginnings that, in a request, stand for `volumePrefix` in the bucket; never the server's disk. */
  @Variable('VOLUME_ROOTS', {
    allowed: 'a comma separated list of absolute paths',
    parse: list,
    fallback: ['/runpod-volume', '/my_volume'],
  })
  @Matches(/^\/[^/]/, { each: true })
  volumeRoots: string[];

  @Variable('VOLUME_PREFIX', {
    allowed: 'a key prefix in the bucket that ends with /, without a leading / and without ..',
    fallback: 'volume/',
  })
  @Matches(/^(?!.*\.\.)[^/].*\/$/)
  volumePrefix: string;

  @Group(() => FetchSettings)
  fetch: FetchSettings;

  /** Absent: nobody is told, unless a request names its own receiver. */
  @Group(() => WebhookSettings, (env) => Boolean(env.WEBHOOK_URL ?? env.WEBHOOK_SECRET))
  webhook?: WebhookSettings;

  @SpoolDirectory()
  spoolDir: string;

  /** Folder with the sample portrait and speech; absent means that no samples are offered. */
  @Variable('SAMPLES_DIR', { allowed: 'a folder', parse: (text) => resolve(text) })
  @IsOptional()
  @IsNotEmpty()
  samplesDir?: string;

  get fetchAllowHosts(): string[] {
    return this.fetch.allowHosts;
  }
}

/** @throws SettingsError naming every wrong variable. */
export function loadApiSettings(env: Environment = process.env): ApiSettings {
  return readSettings(ApiSettings, env);
}

function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}
