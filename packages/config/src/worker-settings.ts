import { ArrayNotEmpty, IsInt, IsNotEmpty, IsPositive, Matches, Max, Min } from 'class-validator';
import { CommonSettings } from './common-settings.js';
import { FetchSettings } from './fetch-settings.js';
import { LimitSettings } from './limit-settings.js';
import { readSettings, type Environment } from './read-settings.js';
import { Rule } from './rule.js';
import { SpoolDirectory } from './spool-directory.js';
import { integer, list, number } from './value-parsers.js';
import { Group, Variable } from './variable.js';

export const engineAddress = /^(\[[0-9a-f:]+\]|[a-z0-9._-]+):\d{1,5}$/i;

/** Everything the worker process can be told; see `.env.example` for the meaning of each variable. */
export class WorkerSettings extends CommonSettings {
  /** Address of the health and metrics port. */
  @Variable('WORKER_HOST', { allowed: 'an address or host name to listen on', fallback: '127.0.0.1' })
  @IsNotEmpty()
  host: string;

  @Variable('WORKER_PORT', { allowed: 'a port from 0 to 65535', parse: integer, fallback: 8081 })
  @IsInt()
  @Min(0)
  @Max(65_535)
  port: number;

  /** gRPC addresses; one worker feeds all of them. */
  @Variable('ENGINES', { allowed: 'a comma separated list of host:port, at least one', parse: list })
  @ArrayNotEmpty()
  @Matches(engineAddress, { each: true })
  engines: string[];

  /** A running task whose worker is silent this long is given to another one. */
  @Variable('LEASE_SECONDS', { allowed: 'seconds from 1 to 3600', parse: number, fallback: 15 })
  @IsPositive()
  @Max(3600)
  leaseSeconds: number;

  /** Longest time between two beats; progress is written at most this often. */
  @Variable('BEAT_SECONDS', { allowed: 'seconds, above 0', parse: number, fallback: 2 })
  @IsPositive()
  @Rule<WorkerSettings>(
    'several-beats-in-a-lease',
    'at most a third of LEASE_SECONDS, or one slow beat loses the task',
    ({ beatSeconds, leaseSeconds }) => beatSeconds * 3 <= leaseSeconds,
  )
  beatSeconds: number;

  /** An engine that sends nothing for this long counts as hung. */
  @Variable('ENGINE_SILENCE_SECONDS', { allowed: 'seconds, above 0', parse: number, fallback: 120 })
  @IsPositive()
  engineSilenceSeconds: number;

  @Group(() => FetchSettings)
  fetch: FetchSettings;

  @Group(() => LimitSettings)
  limits: LimitSettings;

  @SpoolDirectory()
  spoolDir: string;

  /** Time that running tasks get to finish after SIGTERM. */
  @Variable('DRAIN_SECONDS', { allowed: 'seconds from 0 to 86400', parse: number, fallback: 30 })
  @Min(0)
  @Max(86_400)
  drainSeconds: number;
}

/** @throws SettingsError naming every wrong variable. */
export function loadWorkerSettings(env: Environment = process.env): WorkerSettings {
  return readSettings(WorkerSettings, env);
}
