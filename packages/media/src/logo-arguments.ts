import { inputArguments, type ProbeInput } from './probe-arguments.js';

/** The video a clip is put behind; its picture and sound set those of the whole. */
export interface LeadingVideo {
  readonly width: number;
  readonly height: number;
  /** Frames a second as a fraction, such as "30000/1001". */
  readonly rate: string;
  /** Absent: it is silent, and so is the whole. */
  readonly sound?: { readonly sampleRate: number; readonly channels: number };
}

/** The clip as it was found. */
export interface LogoClip {
  readonly input: ProbeInput;
  /** Length of its picture track. */
  readonly seconds: number;
  readonly hasSound: boolean;
}

/** The clip is fitted into the picture of the video, with black around it, and never stretched. */
function pictureFilters({ width, height, rate }: LeadingVideo): string[] {
  const fitted = `scale=${width}:${height}:force_original_aspect_ratio=decrease`;
  const padded = `pad=${width}:${height}:(ow-iw)/2:(oh-ih)/2`;
  return [
    '[0:v:0]setsar=1,format=yuv420p[v0]',
    `[1:v:0]scale=iw*sar:ih,${fitted},${padded},setsar=1,fps=${rate},format=yuv420p[v1]`,
  ];
}

/** The clip's sound is cut or filled up to its picture; a clip without sound brings silence. */
function soundFilters(
  { sampleRate, channels }: NonNullable<LeadingVideo['sound']>,
  clip: LogoClip,
): string[] {
  const layout = channels === 1 ? 'mono' : 'stereo';
  const format = `aformat=sample_fmts=fltp:sample_rates=${sampleRate}:channel_layouts=${layout}`;
  const end = `atrim=0:${clip.seconds.toFixed(6)}`;
  const source = clip.hasSound ? `[1:a:0]${format},apad` : `anullsrc=r=${sampleRate}:cl=${layout},${format}`;
  return [`[0:a:0]${format}[a0]`, `${source},${end}[a1]`];
}

/**
 * One pass of ffmpeg that writes video and clip, joined, as MP4 with the index in front.
 * Both are encoded again: streams of different encoders cannot be joined otherwise.
 */
export function logoArguments(
  video: ProbeInput,
  facts: LeadingVideo,
  clip: LogoClip,
  output: string,
): string[] {
  const { sound } = facts;
  const filters = sound
    ? [...pictureFilters(facts), ...soundFilters(sound, clip), '[v0][a0][v1][a1]concat=n=2:v=1:a=1[v][a]']
    : [...pictureFilters(facts), '[v0][v1]concat=n=2:v=1:a=0[v]'];
  const soundOutput = sound ? ['-map', '[a]', '-c:a', 'aac', '-b:a', '160k'] : [];
  return [
    ...['-hide_banner', '-nostdin', '-v', 'error', '-y'],
    ...[...inputArguments(video), '-i', video.input],
    ...[...inputArguments(clip.input), '-i', clip.input.input],
    ...['-filter_complex', filters.join(';'), '-map', '[v]', '-r', facts.rate],
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '18', ...soundOutput],
    ...['-movflags', '+faststart', '-f', 'mp4', output],
  ];
}
