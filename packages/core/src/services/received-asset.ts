import type { Asset } from '../model/asset.js';
import type { ReceivedMedia } from '../ports/media-intake.js';

/** What the intake found out about an input, as it stands on the task. */
export function assetFromMedia(media: ReceivedMedia): Omit<Asset, 'role'> {
  const { mediaType, bytes, sha256, facts, fileName } = media;
  return { mediaType, bytes, sha256, facts, ...(fileName !== undefined && { fileName }) };
}
