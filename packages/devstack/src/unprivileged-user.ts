import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** How to run a program that refuses to run as root. */
export interface Invocation {
  /** Put in front of the program and its arguments; empty when nothing must change. */
  readonly prefix: readonly string[];
  /** Owner the program's data folder must have; absent means the current user. */
  readonly owner?: { uid: number; gid: number };
}

const user = 'nobody';

/**
 * Postgres refuses to run as root, so root runs it as `nobody`, which exists everywhere and needs no user
 * to be made. It keeps one capability: to pass through folders that only root may enter, such as a checkout
 * under /root.
 * @throws Error that says what to do where this is not possible.
 */
export async function unprivileged(): Promise<Invocation> {
  if (process.getuid?.() !== 0) return { prefix: [] };
  const owner = await ids();
  const prefix = [
    'setpriv',
    `--reuid=${owner.uid}`,
    `--regid=${owner.gid}`,
    '--clear-groups',
    '--inh-caps=-all,+dac_override',
    '--ambient-caps=-all,+dac_override',
    // Without it access(2), by which Postgres looks for its own programs, ignores that capability.
    '--securebits=+no_setuid_fixup',
    '--',
  ];
  try {
    await promisify(execFile)('setpriv', [...prefix.slice(1), 'true']);
  } catch (error) {
    throw new Error(
      `The embedded Postgres cannot run as root, and changing to the user ${user} failed: ` +
        `${error instanceof Error ? error.message : String(error)}\n` +
        `Run npm start as an ordinary user, install util-linux (setpriv), or set DATABASE_URL.`,
      { cause: error },
    );
  }
  return { prefix, owner };
}

async function ids(): Promise<{ uid: number; gid: number }> {
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const [, , uid, gid] = /^nobody:.*$/m.exec(passwd)?.[0].split(':') ?? [];
  return { uid: Number(uid ?? 65_534), gid: Number(gid ?? 65_534) };
}
