import { Max, Min } from 'class-validator';
import { number } from './value-parsers.js';
import { Variable } from './variable.js';

export class RetentionSettings {
  /** Age at which finished tasks lose their inputs and results, in days; 0 keeps them for ever. */
  @Variable('RETENTION_DAYS', { allowed: 'days from 0 to 36500', parse: number, fallback: 30 })
  @Min(0)
  @Max(36_500)
  resultsDays: number;
}
