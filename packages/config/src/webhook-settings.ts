import { ArrayNotEmpty, ValidateBy } from 'class-validator';
import { IsAddress } from './is-address.js';
import { list } from './value-parsers.js';
import { Variable } from './variable.js';

/** Standard Webhooks asks for keys of this many bytes. */
const keyBytes = { min: 24, max: 64 };

/** Who is told about the end of every video made through `/v1/videos`. */
export class WebhookSettings {
  @Variable('WEBHOOK_URL', { allowed: 'an http(s) URL (needs WEBHOOK_SECRET)', secret: true })
  @IsAddress('http', 'https')
  url: string;

  /** Keys of the signature, each written `whsec_` + base64. While two are given, messages carry both signatures. */
  @Variable<string[]>('WEBHOOK_SECRET', {
    allowed:
      'whsec_ followed by the base64 of 24 to 64 random bytes; two with a comma between them while it is replaced (needs WEBHOOK_URL)',
    parse: list,
    secret: true,
  })
  @ArrayNotEmpty()
  @ValidateBy(
    { name: 'isWebhookSecret', validator: { validate: (value: unknown) => isWebhookSecret(value) } },
    { each: true },
  )
  secrets: string[];
}

function isWebhookSecret(value: unknown): boolean {
  const base64 = typeof value === 'string' ? /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(value)?.[1] : undefined;
  if (base64 === undefined) return false;
  const key = Buffer.from(base64, 'base64');
  // Node skips what is not base64; the detour finds text that was cut off or padded wrongly.
  return key.toString('base64') === base64 && key.length >= keyBytes.min && key.length <= keyBytes.max;
}
