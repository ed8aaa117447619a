import { IsBoolean, IsNotEmpty, IsOptional, Matches } from 'class-validator';
import { IsAddress } from './is-address.js';
import { boolean } from './value-parsers.js';
import { Variable } from './variable.js';

export class S3Settings {
  @Variable('S3_ENDPOINT', { allowed: 'an http(s) URL, e.g. https://s3.us-east-1.amazonaws.com' })
  @IsAddress('http', 'https')
  endpoint: string;

  @Variable('S3_REGION', { allowed: 'a region name', fallback: 'us-east-1' })
  @IsNotEmpty()
  region: string;

  @Variable('S3_BUCKET', {
    allowed: '3 to 63 lower-case letters, digits, dots and hyphens',
    fallback: 'polyreel',
  })
  @Matches(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/)
  bucket: string;

  @Variable('S3_ACCESS_KEY_ID', { allowed: 'the access key of the bucket', secret: true })
  @IsNotEmpty()
  accessKeyId: string;

  @Variable('S3_SECRET_ACCESS_KEY', { allowed: 'the secret of the access key', secret: true })
  @IsNotEmpty()
  secretAccessKey: string;

  @Variable('S3_FORCE_PATH_STYLE', { allowed: 'true or false', parse: boolean, fallback: true })
  @IsBoolean()
  forcePathStyle: boolean;

  /** Where clients reach the store when that differs from `endpoint`; absent means the same address. */
  @Variable('S3_PUBLIC_ENDPOINT', { allowed: 'an http(s) URL' })
  @IsOptional()
  @IsAddress('http', 'https')
  publicEndpoint?: string;
}
