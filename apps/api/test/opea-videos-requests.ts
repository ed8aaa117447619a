import type { ReceivedMedia } from '@polyreel/core';
import { OpeaVideosBody } from '../src/dialects/opea-videos/opea-videos.dto.js';
import { opeaVideosErrors } from '../src/dialects/opea-videos/opea-videos.errors.js';
import { toSubmission, type InboundContext } from '../src/dialects/opea-videos/opea-videos.inbound.js';
import type { ApiError, ErrorContext } from '../src/http/api-error.js';
import { parseFields } from '../src/http/parse-fields.js';

/** What the server adds to a request of an OPEA client. */
export const context: InboundContext = {
  tenant: 'acme',
  words: 'opea',
  models: { talk: 'infinitetalk', lipsync: 'latentsync', t2v: 'wan', i2v: 'wan' },
  announced: new Set(['preview']),
  volume: { roots: ['/my_volume'], prefix: 'volume/' },
  hasLogo: false,
  newVideoId: () => 'video_1766454718_2556',
  newSeed: () => 7,
};

export function media(mediaType: string): ReceivedMedia {
  return {
    role: 'image',
    mediaType,
    bytes: 1,
    sha256: '00',
    facts: {},
    async *open() {
      yield new Uint8Array(1);
    },
    discard: () => Promise.resolve(),
  };
}

/** A file of a form. */
export const file = (field: string, mediaType: string) => ({ field, media: media(mediaType) });
export const portrait = file('input_reference', 'image/png');
export const speech = file('audio', 'audio/wav');

/** Reads a form; portrait and speech unless told otherwise. */
export function submit(
  fields: Record<string, unknown>,
  files = [portrait, speech],
  given: InboundContext = context,
) {
  return toSubmission(parseFields(OpeaVideosBody, fields), files, given);
}

/** What the client is answered when it is refused. */
export function refusal(act: () => unknown, headers: ErrorContext['headers'] = {}): unknown {
  try {
    act();
  } catch (error) {
    return opeaVideosErrors(error as ApiError, { method: 'POST', path: '/v1/videos', headers });
  }
  return 'accepted';
}
