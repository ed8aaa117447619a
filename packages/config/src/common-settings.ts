import { IsBoolean, IsIn, IsNotEmpty, IsOptional } from 'class-validator';
import { resolve } from 'node:path';
import { IsAddress } from './is-address.js';
import { RetentionSettings } from './retention-settings.js';
import { S3Settings } from './s3-settings.js';
import { SecretSettings } from './secret-settings.js';
import { boolean } from './value-parsers.js';
import { Group, Variable } from './variable.js';

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export class LogSettings {
  @Variable('LOG_LEVEL', { allowed: logLevels.join(', '), fallback: 'info' })
  @IsIn(logLevels)
  logLevel: LogLevel;

  /** Colours and one line a record instead of JSON; by default where a person is looking. */
  @Variable('LOG_PRETTY', {
    allowed: 'true or false',
    parse: boolean,
    fallback: process.stdout.isTTY === true,
  })
  @IsBoolean()
  logPretty: boolean;
}

/** What the API and the worker both need. */
export class CommonSettings extends LogSettings {
  @Variable('DATABASE_URL', { allowed: 'postgresql://user:password@host:port/database', secret: true })
  @IsAddress('postgres', 'postgresql')
  databaseUrl: string;

  @Variable('REDIS_URL', { allowed: 'redis://:password@host:port or rediss://...', secret: true })
  @IsAddress('redis', 'rediss')
  redisUrl: string;

  @Group(() => S3Settings)
  s3: S3Settings;

  /** Both processes need the same keys: what one seals the other opens. */
  @Group(() => SecretSettings)
  secrets: SecretSettings;

  /** The worker removes what is too old, the API tells clients when that will be. */
  @Group(() => RetentionSettings)
  retention: RetentionSettings;

  /**
   * Clip that clients may ask to be put behind their video. The API only has to know that there is one; the worker
   * looks into the file at its start. Absent: nobody can ask.
   */
  @Variable('LOGO_VIDEO', { allowed: 'a video file of at most 60 s', parse: (text) => resolve(text) })
  @IsOptional()
  @IsNotEmpty()
  logoVideo?: string;

  /**
   * Ends the process when its standard input closes. The launcher sets it, so that even its own
   * violent death leaves no process behind; elsewhere it stays off.
   */
  @Variable('EXIT_WITH_PARENT', { allowed: 'true or false', parse: boolean, fallback: false })
  @IsBoolean()
  exitWithParent: boolean;
}
