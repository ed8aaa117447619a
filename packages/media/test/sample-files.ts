import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findMediaTools } from '../src/media-tools.js';

const run = promisify(execFile);

/** A folder of its own, gone with `remove`. */
export class SampleFiles {
  private constructor(
    readonly folder: string,
    private readonly ffmpeg: string,
  ) {}

  static async open(): Promise<SampleFiles> {
    const { ffmpeg } = await findMediaTools();
    return new SampleFiles(await mkdtemp(join(tmpdir(), 'polyreel-media-')), ffmpeg);
  }

  /** Test picture and tone. @param args output options; the suffix of `name` chooses the container */
  async make(name: string, args: readonly string[], seconds = 1, size = '320x180'): Promise<Buffer> {
    const path = join(this.folder, name);
    const picture = ['-f', 'lavfi', '-i', `testsrc2=s=${size}:r=25`];
    const sound = ['-f', 'lavfi', '-i', 'sine=f=220:r=44100'];
    await run(this.ffmpeg, ['-v', 'error', '-y', ...picture, ...sound, '-t', String(seconds), ...args, path]);
    return await readFile(path);
  }

  /** From a file made before, without decoding it again. */
  async remux(from: string, name: string, args: readonly string[] = []): Promise<Buffer> {
    const path = join(this.folder, name);
    await run(this.ffmpeg, ['-v', 'error', '-y', '-i', join(this.folder, from), '-c', 'copy', ...args, path]);
    return await readFile(path);
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

export const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac'];
export const still = ['-frames:v', '1'];
