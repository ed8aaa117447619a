/** Puts the operator's clip behind a finished video. */
export interface LogoAppender {
  /**
   * The video followed by the clip, in the size, frame rate and sound of the video. Begins to give bytes when it has
   * read the last ones; leaving it, or the signal, ends the work and removes its temporary files.
   * @throws TaskError INTERNAL when they cannot be joined; what `video` throws; the signal's reason
   */
  append(video: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncIterable<Uint8Array>;
}
