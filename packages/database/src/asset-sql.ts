import type { Asset } from '@polyreel/core';
import { Prisma } from './generated/client.js';
import { storableJson } from './storable.js';

/** Source of rows `a` with the columns of an asset, in the given order by `a.place`. */
export function assetRows(assets: readonly Asset[]): Prisma.Sql {
  return Prisma.sql`
    ROWS FROM (json_to_recordset(${storableJson(assets)}::json) AS (
      "role" text, "objectKey" text, "sourceUrl" text, "fileName" text, "mediaType" text, "bytes" bigint,
      "sha256" text, "facts" json)) WITH ORDINALITY
    AS a(role, object_key, source_url, file_name, media_type, bytes, sha256, facts, place)`;
}

export const assetFields = Prisma.sql`role, object_key, source_url, file_name, media_type, bytes, sha256, facts`;

export const assetValues = Prisma.sql`
  a.role, a.object_key, a.source_url, a.file_name, a.media_type, a.bytes, a.sha256, a.facts`;
