import { access, chmod, constants } from 'node:fs/promises';
import { join } from 'node:path';

/** Where systems keep installed programs. */
const programFolders = ['/usr/local/bin', '/usr/bin', '/bin', '/opt/homebrew/bin'];

export interface MediaTools {
  /** Absolute paths. */
  readonly ffprobe: string;
  readonly ffmpeg: string;
  /** util-linux tool that bounds memory and processor time of the others. Absent: not on this system. */
  readonly prlimit?: string;
}

const executable = async (path: string): Promise<boolean> =>
  await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

async function installed(name: string): Promise<string | undefined> {
  for (const folder of programFolders) {
    const path = join(folder, name);
    if (await executable(path)) return path;
  }
  return undefined;
}

/** The installers' packages hold the programs; the one of ffprobe lacks the executable bit until its script ran. */
async function packaged(load: () => Promise<{ default: { path: string } }>): Promise<string | undefined> {
  try {
    const { path } = (await load()).default;
    if (!(await executable(path))) await chmod(path, 0o755);
    return path;
  } catch {
    return undefined; // no package for this platform: the system's program is next
  }
}

async function find(name: string, load: () => Promise<{ default: { path: string } }>): Promise<string> {
  const path = (await packaged(load)) ?? (await installed(name));
  if (path === undefined) {
    throw new Error(`No ${name} for this platform: install it into /usr/local/bin.`);
  }
  return path;
}

/** Finds the programs. @throws Error naming the one that is missing */
export async function findMediaTools(): Promise<MediaTools> {
  const prlimit = await installed('prlimit');
  return {
    ffprobe: await find('ffprobe', () => import('@ffprobe-installer/ffprobe')),
    ffmpeg: await find('ffmpeg', () => import('@ffmpeg-installer/ffmpeg')),
    ...(prlimit === undefined ? {} : { prlimit }),
  };
}
