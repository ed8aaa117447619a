import type { Submission } from '@polyreel/core';
import { LightX2VCreateBody } from '../src/dialects/lightx2v/lightx2v.dto.js';
import { fromJson, type InboundContext } from '../src/dialects/lightx2v/lightx2v.inbound.js';
import { parseFields } from '../src/http/parse-fields.js';

/** What the server adds to a request. */
export const context: InboundContext = {
  tenant: 'acme',
  models: { talk: 'talker', lipsync: 'syncer', t2v: 'painter', i2v: 'mover' },
  volume: { roots: ['/runpod-volume'], prefix: 'volume/' },
  vocabulary: undefined,
  newTaskId: () => 'AAAA-BBBB-CCCC-DDDD-EEEE',
};

/** Reads a JSON body. */
export function inbound(body: object): Submission {
  return fromJson(parseFields(LightX2VCreateBody, body), context);
}
