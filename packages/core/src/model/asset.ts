/** Media a client gives to a task. `mask` and `mask2` show where the persons of `audio` and `audio2` are. */
export const inputRoles = ['image', 'last_image', 'video', 'audio', 'audio2', 'mask', 'mask2'] as const;
export type InputRole = (typeof inputRoles)[number];

/** Media an engine makes. */
export const outputRoles = ['result', 'mask_result', 'poster'] as const;
export type OutputRole = (typeof outputRoles)[number];

/** `copy`: what was put into a bucket of the client's, known by its URL only. */
export type AssetRole = InputRole | OutputRole | 'copy';

/** What probing found. Absent: the file has no such track. Width and height are after rotation, in pixels. */
export interface MediaFacts {
  readonly durationSeconds?: number;
  readonly width?: number;
  readonly height?: number;
  readonly fps?: number;
  readonly videoCodec?: string;
  readonly audioCodec?: string;
  /** Hz */
  readonly sampleRate?: number;
}

/** A file of a task. Exactly one of `objectKey` and `sourceUrl` is set until a foreign URL has been fetched; then both. */
export interface Asset {
  readonly role: AssetRole;
  /** Key in the object store. Absent: the foreign URL has not been fetched yet. */
  readonly objectKey?: string;
  /** Foreign URL given by the client, to be fetched by the guarded fetcher only; of a copy, where it lies. */
  readonly sourceUrl?: string;
  /** Name the client gave; metadata only, never part of a path. */
  readonly fileName?: string;
  readonly mediaType?: string;
  readonly bytes?: number;
  /** Hex digest of the content. */
  readonly sha256?: string;
  readonly facts?: MediaFacts;
}
