type MediaKind = 'image' | 'video' | 'audio';

/** How a type told by its first bytes is read. */
export interface MediaFormat {
  readonly mediaType: string;
  /** By container; probing may turn a video without picture track into audio. */
  readonly kind: MediaKind;
  /** Name of the one demuxer ffprobe is allowed to use. */
  readonly demuxer: string;
  /** How well the file states its own length; content that is shorter means that its end is missing. */
  readonly statesLength: 'exactly' | 'roughly' | 'no';
}

const image = (mediaType: string, demuxer: string): MediaFormat => ({
  mediaType,
  kind: 'image',
  demuxer,
  statesLength: 'exactly',
});
const video = (
  mediaType: string,
  demuxer: string,
  statesLength: MediaFormat['statesLength'] = 'roughly',
): MediaFormat => ({
  mediaType,
  kind: 'video',
  demuxer,
  statesLength,
});
const audio = (
  mediaType: string,
  demuxer: string,
  statesLength: MediaFormat['statesLength'],
): MediaFormat => ({
  mediaType,
  kind: 'audio',
  demuxer,
  statesLength,
});

/** Everything the intake takes. */
export const mediaFormats = {
  png: image('image/png', 'png_pipe'),
  jpeg: image('image/jpeg', 'jpeg_pipe'),
  webp: image('image/webp', 'webp_pipe'),
  /** Always an image, animated or not: engines take the first frame. */
  gif: image('image/gif', 'gif'),
  bmp: image('image/bmp', 'bmp_pipe'),
  tiff: image('image/tiff', 'tiff_pipe'),
  avif: image('image/avif', 'mov'),
  mp4: video('video/mp4', 'mov'),
  mov: video('video/quicktime', 'mov'),
  threegp: video('video/3gpp', 'mov'),
  mkv: video('video/x-matroska', 'matroska'),
  webm: video('video/webm', 'matroska'),
  avi: video('video/x-msvideo', 'avi'),
  flv: video('video/x-flv', 'flv'),
  mpeg: video('video/mpeg', 'mpeg', 'no'),
  m4a: audio('audio/mp4', 'mov', 'roughly'),
  /** WAV from a streaming program states no length; the others are checked by `wav-length`. */
  wav: audio('audio/wav', 'wav', 'no'),
  aiff: audio('audio/aiff', 'aiff', 'exactly'),
  flac: audio('audio/flac', 'flac', 'exactly'),
  mp3: audio('audio/mpeg', 'mp3', 'no'),
  aac: audio('audio/aac', 'aac', 'no'),
  ogg: audio('audio/ogg', 'ogg', 'no'),
  amr: audio('audio/amr', 'amr', 'no'),
} as const satisfies Record<string, MediaFormat>;
