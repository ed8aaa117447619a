import { IsInt, IsPositive, Max, Min } from 'class-validator';
import { integer, number } from './value-parsers.js';
import { Variable } from './variable.js';

const bytes = 'a whole number of bytes, at least 1024';

/** What one request may bring; larger input is refused before it is read whole. */
export class LimitSettings {
  /** Body of a JSON request, base64 media included, in bytes. */
  @Variable('LIMIT_JSON_BYTES', { allowed: bytes, parse: integer, fallback: 33_554_432 })
  @IsInt()
  @Min(1024)
  @Max(Number.MAX_SAFE_INTEGER)
  jsonBytes: number;

  /** Body of RunPod's `run`, in bytes; the original takes 10 MiB. */
  @Variable('RUNPOD_RUN_BYTES', { allowed: bytes, parse: integer, fallback: 10_485_760 })
  @IsInt()
  @Min(1024)
  @Max(Number.MAX_SAFE_INTEGER)
  runpodRunBytes: number;

  /** Body of RunPod's `runsync`, in bytes; the original takes 20 MiB. */
  @Variable('RUNPOD_RUNSYNC_BYTES', { allowed: bytes, parse: integer, fallback: 20_971_520 })
  @IsInt()
  @Min(1024)
  @Max(Number.MAX_SAFE_INTEGER)
  runpodRunsyncBytes: number;

  /** One uploaded file, in bytes. */
  @Variable('LIMIT_UPLOAD_BYTES', { allowed: bytes, parse: integer, fallback: 2_147_483_648 })
  @IsInt()
  @Min(1024)
  @Max(Number.MAX_SAFE_INTEGER)
  uploadBytes: number;

  /** Length of one audio or video input, in seconds. */
  @Variable('LIMIT_MEDIA_SECONDS', { allowed: 'seconds, above 0', parse: number, fallback: 3600 })
  @IsPositive()
  mediaSeconds: number;

  /** Width times height of one picture or frame. */
  @Variable('LIMIT_PIXELS', {
    allowed: 'a whole number of pixels, at least 4096',
    parse: integer,
    fallback: 33_177_600,
  })
  @IsInt()
  @Min(4096)
  pixels: number;
}
