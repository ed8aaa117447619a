import { existsSync } from 'node:fs';
import { inRoot } from './paths.mjs';
import { output, run, SetupError } from './run-command.mjs';

const probe = `import sys
try:
    import ensurepip, venv
    complete = True
except ImportError:
    complete = False
print(sys.version_info[0], sys.version_info[1], complete, sys.executable)`;

/** The first usable Python 3.11 or 3.12: $PYTHON when set, else the usual names. */
async function findPython() {
  const chosen = process.env.PYTHON;
  const seen = [];
  for (const command of chosen ? [chosen] : ['python3.11', 'python3.12', 'python3']) {
    const [major, minor, complete, executable] =
      (await output(command, ['-c', probe]))?.trim().split(' ') ?? [];
    if (!major) continue;
    const version = `${major}.${minor}`;
    if (version !== '3.11' && version !== '3.12') seen.push(`${command} is ${version}`);
    else if (complete !== 'True')
      seen.push(`${command} lacks venv: sudo apt-get install python${version}-venv`);
    else return executable ?? command;
  }
  throw new SetupError(
    [
      chosen
        ? `PYTHON=${chosen} is not a usable Python 3.11 or 3.12.`
        : 'No usable Python 3.11 or 3.12 was found.',
      ...seen.map((text) => `  ${text}`),
      'On Debian and Ubuntu: sudo apt-get install python3 python3-venv python3-pip',
      'Another interpreter can be named: PYTHON=/path/to/python3.11 npm start',
    ].join('\n'),
  );
}

let found;
/** Looked up once however many environments are made. */
const python = () => (found ??= findPython());

export const environmentFolder = (name) => inRoot('.venv', name);
export const environmentPython = (name) => inRoot('.venv', name, 'bin/python');
/** False also when the interpreter behind the environment has been removed. */
export const environmentExists = (name) => existsSync(environmentPython(name));

export async function makeEnvironment(name) {
  await run(`${name}-venv`, await python(), ['-m', 'venv', '--clear', environmentFolder(name)], {
    hint: 'On Debian and Ubuntu: sudo apt-get install python3-venv python3-pip',
  });
}

export async function pipInstall(name, label, args) {
  const options = ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', ...args];
  await run(`${name}-${label}`, environmentPython(name), options, {
    hint: 'Is the package index reachable? Proxies and mirrors are set in pip.conf or by PIP_INDEX_URL.',
  });
}
