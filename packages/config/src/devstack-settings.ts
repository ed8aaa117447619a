import { IsBoolean, IsInt, IsNotEmpty, IsOptional, Matches, Max, Min } from 'class-validator';
import { LogSettings } from './common-settings.js';
import { IsAddress } from './is-address.js';
import { readSettings, type Environment } from './read-settings.js';
import { S3Settings } from './s3-settings.js';
import { boolean, integer, list } from './value-parsers.js';
import { Group, Variable } from './variable.js';
import { engineAddress } from './worker-settings.js';

// S3_BUCKET or S3_REGION alone do not mean that a foreign store is wanted.
const externalStore = ['S3_ENDPOINT', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'];

/** What the launcher reads: each part that is set here replaces the embedded one. */
export class DevstackSettings extends LogSettings {
  @Variable('HOST', { allowed: 'an address or host name to listen on', fallback: '127.0.0.1' })
  @IsNotEmpty()
  host: string;

  /** Port of the API unless `--port` says otherwise. */
  @Variable('PORT', { allowed: 'a port from 0 to 65535', parse: integer, fallback: 8080 })
  @IsInt()
  @Min(0)
  @Max(65_535)
  port: number;

  @Variable('DATABASE_URL', { allowed: 'postgresql://user:password@host:port/database', secret: true })
  @IsOptional()
  @IsAddress('postgres', 'postgresql')
  databaseUrl?: string;

  @Variable('REDIS_URL', { allowed: 'redis://:password@host:port or rediss://...', secret: true })
  @IsOptional()
  @IsAddress('redis', 'rediss')
  redisUrl?: string;

  /** Absent means the embedded store. */
  @Group(() => S3Settings, (env) => externalStore.some((name) => env[name]))
  s3?: S3Settings;

  @Variable('ENGINES', { allowed: 'a comma separated list of host:port', parse: list })
  @IsOptional()
  @Matches(engineAddress, { each: true })
  engines?: string[];

  /** Sent by the launcher with its own requests; needed only with AUTH=keys. */
  @Variable('POLYREEL_API_KEY', { allowed: 'an API key of this instance', secret: true })
  @IsOptional()
  @IsNotEmpty()
  apiKey?: string;

  /** See `CommonSettings.exitWithParent`. */
  @Variable('EXIT_WITH_PARENT', { allowed: 'true or false', parse: boolean, fallback: false })
  @IsBoolean()
  exitWithParent: boolean;
}

/** @throws SettingsError naming every wrong variable. */
export function loadDevstackSettings(env: Environment = process.env): DevstackSettings {
  return readSettings(DevstackSettings, env);
}
