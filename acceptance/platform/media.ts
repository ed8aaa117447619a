import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What ffprobe says about a finished video. */
export interface VideoFacts {
  readonly duration: number;
  readonly video:
    | {
        readonly codec: string;
        readonly pixelFormat: string;
        readonly width: number;
        readonly height: number;
        readonly fps: number;
      }
    | undefined;
  readonly audio: { readonly codec: string; readonly sampleRate: number } | undefined;
}

interface ProbedStream {
  codec_type: string;
  codec_name: string;
  pix_fmt?: string;
  width?: number;
  height?: number;
  avg_frame_rate?: string;
  sample_rate?: string;
}

export async function probe(ffprobe: string, file: string): Promise<VideoFacts> {
  const { stdout } = await run(ffprobe, [
    '-v',
    'error',
    '-print_format',
    'json',
    '-show_format',
    '-show_streams',
    file,
  ]);
  const { format, streams } = JSON.parse(stdout) as { format: { duration: string }; streams: ProbedStream[] };
  const video = streams.find(({ codec_type }) => codec_type === 'video');
  const audio = streams.find(({ codec_type }) => codec_type === 'audio');
  const [numerator, denominator] = (video?.avg_frame_rate ?? '0/1').split('/').map(Number);
  return {
    duration: Number(format.duration),
    video: video && {
      codec: video.codec_name,
      pixelFormat: video.pix_fmt ?? '',
      width: video.width ?? 0,
      height: video.height ?? 0,
      fps: numerator! / denominator!,
    },
    audio: audio && { codec: audio.codec_name, sampleRate: Number(audio.sample_rate) },
  };
}

/** @param folder where the content is kept for it */
export async function probeContent(ffprobe: string, folder: string, content: Buffer): Promise<VideoFacts> {
  const path = join(folder, `${crypto.randomUUID()}.mp4`);
  await writeFile(path, content);
  return probe(ffprobe, path);
}

/** Seconds of any media file. */
export async function durationOf(ffprobe: string, file: string): Promise<number> {
  return (await probe(ffprobe, file)).duration;
}

/** A WAV of this length: a tone that swells and fades every second, 16 kHz mono. */
export async function writeTone(path: string, seconds: number): Promise<void> {
  const rate = 16_000;
  const samples = Math.round(seconds * rate);
  const wav = Buffer.alloc(44 + samples * 2);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(36 + samples * 2, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(rate, 24);
  wav.writeUInt32LE(rate * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(samples * 2, 40);
  for (let index = 0; index < samples; index++) {
    const loudness = Math.abs(Math.sin((Math.PI * index) / rate));
    wav.writeInt16LE(
      Math.round(12_000 * loudness * Math.sin((2 * Math.PI * 220 * index) / rate)),
      44 + index * 2,
    );
  }
  await writeFile(path, wav);
}
