import type { InputRole, MediaFacts } from '../model/asset.js';

/** Where the bytes of an input come from. */
export type MediaSource =
  | { readonly type: 'stream'; readonly content: AsyncIterable<Uint8Array>; readonly fileName?: string }
  /** `data:` URL with or without parameters, or bare base64; white space allowed. */
  | { readonly type: 'base64'; readonly text: string; readonly fileName?: string }
  /** Foreign http(s) URL. */
  | { readonly type: 'url'; readonly url: string };

/** A checked input, spooled to a private temporary file. */
export interface ReceivedMedia {
  readonly role: InputRole;
  /** By content, not by name: "image/png", "video/mp4", "audio/wav"... */
  readonly mediaType: string;
  readonly bytes: number;
  /** Hex digest. */
  readonly sha256: string;
  readonly fileName?: string;
  readonly facts: MediaFacts;
  /** Opens the content from its beginning; may be called several times. */
  open(): AsyncIterable<Uint8Array>;
  /** Removes the temporary file. Safe to call twice. */
  discard(): Promise<void>;
}

/** What a role may be; `reference` is an image or a video. */
export type MediaExpectation = 'image' | 'video' | 'audio' | 'reference';

/**
 * The one door for media from outside. Spools to disk within limits, tells
 * the type by the bytes, probes, refuses what is not playable.
 */
export interface MediaIntake {
  /**
   * @throws TaskError UNSUPPORTED_MEDIA (empty, truncated, wrong type), INVALID_INPUT (bad base64 or URL),
   *   INPUT_TOO_LARGE, INPUT_UNREACHABLE (private address, 4xx, hang...), AUDIO_TOO_SHORT
   */
  receive(
    role: InputRole,
    expected: MediaExpectation,
    source: MediaSource,
    signal?: AbortSignal,
  ): Promise<ReceivedMedia>;
  /** Refuses at once what can be told from the URL alone: scheme, credentials, literal private address. @throws TaskError */
  checkUrl(url: string): void;
}

/** Looks into a finished result through a link of our own store. */
export interface MediaInspector {
  /** @throws TaskError UNSUPPORTED_MEDIA when it cannot be played */
  probeLink(link: string): Promise<MediaFacts>;
  /** First picture of a video as JPEG, longest side at most `maxSide` pixels. */
  posterOf(link: string, maxSide: number): Promise<Uint8Array>;
}

/** Pictures of a video, row by row. */
export interface SheetLayout {
  readonly columns: number;
  readonly rows: number;
  /** Longest side of one picture, in pixels. */
  readonly side: number;
}

/** Draws overviews of finished results through a link of our own store. */
export interface SheetMaker {
  /**
   * Pictures spread evenly over the video, as one JPEG; the last ones stay black when there are too few.
   * @param seconds length of the video
   * @throws Error when it cannot be made within a minute
   */
  sheetOf(link: string, seconds: number, layout: SheetLayout): Promise<Uint8Array>;
}
