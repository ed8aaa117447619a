import { IsInt, IsPositive, Matches, Max, Min } from 'class-validator';
import { integer, list, number } from './value-parsers.js';
import { Variable } from './variable.js';

/** How the one guarded URL fetcher behaves. */
export class FetchSettings {
  /** `host` or `host:port` entries that the filter of private addresses lets through; normally none. */
  @Variable<string[]>('FETCH_ALLOW_HOSTS', {
    allowed: 'a comma separated list of host or host:port',
    parse: list,
    fallback: [],
  })
  @Matches(/^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/i, { each: true })
  allowHosts: string[];

  /** For one download, redirects included, in seconds. */
  @Variable('FETCH_TIMEOUT_SECONDS', { allowed: 'seconds, above 0 up to 3600', parse: number, fallback: 60 })
  @IsPositive()
  @Max(3600)
  timeoutSeconds: number;

  /** Largest body taken from a foreign URL, in bytes. */
  @Variable('FETCH_MAX_BYTES', {
    allowed: 'a whole number of bytes, at least 1024',
    parse: integer,
    fallback: 2_147_483_648,
  })
  @IsInt()
  @Min(1024)
  @Max(Number.MAX_SAFE_INTEGER)
  maxBytes: number;
}
