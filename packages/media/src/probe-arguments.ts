import type { MediaTools } from './media-tools.js';

/** Decoders worth their risk; anything rarer is refused. Subtitles are here because ffprobe ends when it cannot open one. */
const decoders = [
  'h264,hevc,libdav1d,libaom-av1,av1,vp8,libvpx,vp9,libvpx-vp9,mpeg4,msmpeg4,msmpeg4v1,msmpeg4v2',
  'mpeg1video,mpeg2video,h263,h263p,flv,theora,prores,dnxhd,mjpeg,png,gif,bmp,tiff,webp',
  'aac,aac_latm,mp3,mp3float,mp2,mp2float,mp1,mp1float,flac,alac,vorbis,libvorbis,opus,libopus,ac3,eac3',
  'amrnb,libopencore_amrnb,amrwb,libopencore_amrwb,speex,libspeex,gsm_ms,adpcm_ms,adpcm_ima_wav,adpcm_ima_qt',
  'pcm_u8,pcm_s8,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,pcm_f64le,pcm_f64be',
  'pcm_alaw,pcm_mulaw,ass,ssa,srt,subrip,mov_text,webvtt,text,dvdsub,dvbsub,pgssub,xsub',
].join(',');

export interface ProbeInput {
  /** `file:` path or the address of our own relay. */
  readonly input: string;
  /** Demuxers that may be used; with `forced` the first one is. */
  readonly demuxers: readonly string[];
  readonly forced: boolean;
  readonly protocols: string;
}

/** Bounds of memory (bytes) and processor time (seconds) for one run of a tool. */
const resourceLimits = ['--as=4294967296', '--cpu=60', '--core=0', '--fsize=0', '--nofile=64'];

/** What to start: the program itself, or prlimit that becomes it. */
export function confined(tools: MediaTools, program: string, args: readonly string[]): [string, string[]] {
  return tools.prlimit === undefined
    ? [program, [...args]]
    : [tools.prlimit, [...resourceLimits, '--', program, ...args]];
}

/** Options that keep ffprobe and ffmpeg to one file: no nested playlists, no other protocols. They stand before the input. */
export function inputArguments(from: ProbeInput): string[] {
  const [demuxer = ''] = from.demuxers;
  return [
    ...['-protocol_whitelist', from.protocols],
    ...['-format_whitelist', from.demuxers.join(',')],
    ...['-codec_whitelist', decoders],
    ...(from.forced ? ['-f', demuxer] : []),
  ];
}

export interface ProbeQuestion {
  /** What to print, in the words of ffprobe's `-show_entries`. */
  readonly entries: string;
  /** Only this track, e.g. "V:0" or "a:0". */
  readonly track?: string;
  /** Stop after so many packets. */
  readonly packets?: number;
}

const streamEntries =
  'stream=index,codec_type,codec_name,width,height,sample_rate,avg_frame_rate,r_frame_rate' +
  ':stream_disposition=attached_pic:stream_side_data=rotation';
const frameEntries = 'frame=media_type,width,height:frame_side_data=rotation';

/** Decodes the beginning; for a still picture that is all of it. */
export const decodeBeginning = (packets: number, track?: string): ProbeQuestion => ({
  entries: `${frameEntries}:${streamEntries}:format=duration,nb_streams`,
  packets,
  ...(track === undefined ? {} : { track }),
});

/** Walks over all packets without decoding: the only way to the true length, and to an end that is missing. */
export const walkPackets: ProbeQuestion = {
  entries: `packet=stream_index,pts_time,duration_time,flags:${streamEntries}:format=duration,nb_streams`,
};

export function probeArguments(from: ProbeInput, question: ProbeQuestion, maxPixels: number): string[] {
  return [
    // With the first plus, flags are added: what is said of every packet is still said once.
    ...['-hide_banner', '-v', '+level+warning', '-threads', '1'],
    ...['-max_pixels', String(maxPixels), '-err_detect', 'crccheck'],
    ...inputArguments(from),
    ...(question.track === undefined ? [] : ['-select_streams', question.track]),
    ...(question.packets === undefined ? [] : ['-read_intervals', `%+#${question.packets}`]),
    ...['-show_entries', question.entries, '-of', 'compact'],
    from.input,
  ];
}
