// Installs what is missing and builds what has changed. Every step leaves a stamp, so that a second start
// costs only the hashing of a few files.
import { existsSync, readdirSync } from 'node:fs';
import { inRoot, stamps } from './paths.mjs';
import {
  environmentExists,
  environmentFolder,
  environmentPython,
  makeEnvironment,
  pipInstall,
} from './python.mjs';
import { line, step, tick } from './reporter.mjs';
import { run } from './run-command.mjs';
import { withSetUpLock } from './set-up-lock.mjs';
import { filesBelow, fingerprint, isStamped, writeStamp } from './stamp.mjs';

const pnpm = ['--yes', 'pnpm@12.21.0'];
const registryHint =
  'Is the package registry reachable? Proxies and mirrors are set in .npmrc. After a change of a package.json, first: npx pnpm@12.21.0 install';

const workspaceFolders = () =>
  ['packages', 'apps'].flatMap((parent) =>
    readdirSync(inRoot(parent), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => inRoot(parent, entry.name)),
  );
const manifests = () =>
  [inRoot(), inRoot('acceptance'), ...workspaceFolders()].map((folder) => `${folder}/package.json`);

const requirements = (name) => inRoot('inference/requirements', name);
const previewRequirements = ['host.txt', 'preview.txt', 'preview-nodeps.txt'].map(requirements);
const diffusionRequirements = ['torch.txt', 'diffusion.txt', 'diffusion-nodeps.txt'].map(requirements);

async function installPreview(environment) {
  await pipInstall(environment, 'preview', ['-r', requirements('preview.txt')]);
  const without = requirements('preview-nodeps.txt');
  await pipInstall(environment, 'preview-without-dependencies', ['--no-deps', '-r', without]);
}

const steps = {
  packages: {
    title: 'Node 24 and the npm packages',
    stamp: stamps.packages,
    value: () =>
      fingerprint(
        [inRoot('pnpm-lock.yaml'), inRoot('pnpm-workspace.yaml'), ...manifests()],
        process.platform,
        process.arch,
      ),
    present: () => existsSync(inRoot('node_modules/node/bin/node')),
    work: () =>
      run('packages', 'npx', [...pnpm, 'install', '--frozen-lockfile'], {
        env: { CI: 'true' },
        hint: registryHint,
      }),
  },
  generated: {
    title: 'Database and engine clients',
    stamp: stamps.generated,
    value: () =>
      fingerprint([
        inRoot('pnpm-lock.yaml'),
        ...filesBelow(inRoot('proto')),
        inRoot('prisma/schema.prisma'),
        ...['database', 'engine-client'].flatMap((name) =>
          filesBelow(inRoot('packages', name), (path) => !path.includes('/src/') && !path.includes('/test/')),
        ),
      ]),
    present: () =>
      ['database', 'engine-client'].every((name) => existsSync(inRoot('packages', name, 'src/generated'))),
    work: () =>
      run('generated', 'npx', [...pnpm, 'run', 'generate'], { hint: 'Run it alone with: pnpm generate' }),
  },
  build: {
    title: 'Build',
    stamp: stamps.build,
    value: () =>
      fingerprint(
        [
          inRoot('pnpm-lock.yaml'),
          inRoot('tsconfig.base.json'),
          inRoot('tsconfig.json'),
          ...workspaceFolders().flatMap((folder) => [
            `${folder}/tsconfig.json`,
            ...filesBelow(`${folder}/src`, (path) => path.endsWith('.ts') && !path.endsWith('.spec.ts')),
          ]),
        ],
        // Generated code is not hashed itself; what it is made from is.
        steps.generated.value(),
      ),
    present: () =>
      ['packages/devstack/dist/cli.js', 'apps/api/dist/main.js', 'apps/worker/dist/main.js'].every((file) =>
        existsSync(inRoot(file)),
      ),
    work: () => run('build', 'tsc', ['-b'], { hint: 'Run it alone with: pnpm build' }),
  },
  services: {
    title: 'Redis and S3 servers',
    stamp: `${environmentFolder('services')}/installed.stamp`,
    value: () => fingerprint([inRoot('packages/devstack/requirements/services.txt')]),
    present: () => environmentExists('services'),
    work: async () => {
      await makeEnvironment('services');
      const servers = inRoot('packages/devstack/requirements/services.txt');
      await pipInstall('services', 'packages', ['--no-deps', '-r', servers]);
    },
  },
  preview: {
    title: 'Python environment of the preview engine',
    stamp: `${environmentFolder('preview')}/installed.stamp`,
    value: () => fingerprint(previewRequirements),
    present: () => environmentExists('preview'),
    work: async () => {
      await makeEnvironment('preview');
      await installPreview('preview');
    },
  },
  diffusion: {
    title: 'Python environment of the diffusion engines',
    stamp: `${environmentFolder('diffusion')}/installed.stamp`,
    value: () => fingerprint([...previewRequirements, ...diffusionRequirements]),
    present: () => environmentExists('diffusion'),
    work: async () => {
      await makeEnvironment('diffusion');
      await pipInstall('diffusion', 'torch', ['-r', requirements('torch.txt')]);
      // All Python tests run here, those of the preview engine too.
      await installPreview('diffusion');
      await pipInstall('diffusion', 'packages', ['-r', requirements('diffusion.txt')]);
      const without = requirements('diffusion-nodeps.txt');
      await pipInstall('diffusion', 'packages-without-dependencies', ['--no-deps', '-r', without]);
    },
  },
  inferenceChecks: {
    title: 'Python checks and test tools',
    stamp: `${environmentFolder('diffusion')}/checks.stamp`,
    value: () => fingerprint([requirements('dev.txt')], steps.diffusion.value()),
    present: () => existsSync(`${environmentFolder('diffusion')}/bin/pytest`),
    work: () => pipInstall('diffusion', 'checks', ['-r', requirements('dev.txt')]),
  },
  acceptanceClients: {
    title: 'Python clients for the acceptance tests',
    stamp: `${environmentFolder('acceptance')}/installed.stamp`,
    value: () => fingerprint([inRoot('acceptance/requirements.txt')]),
    present: () => environmentExists('acceptance'),
    work: async () => {
      await makeEnvironment('acceptance');
      await pipInstall('acceptance', 'packages', ['-r', inRoot('acceptance/requirements.txt')]);
    },
  },
  stubs: {
    title: 'Engine stubs',
    stamp: `${environmentFolder('preview')}/stubs.stamp`,
    value: () => fingerprint([inRoot('inference/scripts/generate_stubs.py'), ...filesBelow(inRoot('proto'))]),
    present: () => existsSync(inRoot('inference/polyreel_inference/generated')),
    work: () =>
      run('stubs', environmentPython('preview'), [inRoot('inference/scripts/generate_stubs.py')], {
        cwd: inRoot('inference'),
      }),
  },
};

const isDone = ({ present, stamp, value }) => present() && isStamped(stamp, value());

async function ensure(...names) {
  for (const name of names) {
    const one = steps[name];
    if (isDone(one)) continue;
    await step(one.title, one.work);
    writeStamp(one.stamp, one.value());
  }
}

/**
 * Brings the checkout into a state in which it runs. Downloads overlap; the first failure is thrown after the
 * others have ended. `forTests` adds the tools of the checks; without `build` that is left to the caller.
 */
export async function setUp({ forTests = false, build = true } = {}) {
  const acceptanceClients = existsSync(inRoot('acceptance/requirements.txt')) ? ['acceptanceClients'] : [];
  const lanes = [
    ['packages', 'generated', ...(build ? ['build'] : [])],
    ['preview', 'stubs'],
    ...(forTests ? [['diffusion', 'inferenceChecks']] : []),
    ['services', ...(forTests ? acceptanceClients : [])],
  ];
  if (lanes.flat().every((name) => isDone(steps[name]))) {
    line(` ${tick} Everything is installed${build ? ' and built' : ''}`);
    return;
  }
  await withSetUpLock(async () => {
    const outcomes = await Promise.allSettled(lanes.map((names) => ensure(...names)));
    const failure = outcomes.find(({ status }) => status === 'rejected');
    if (failure) throw failure.reason;
  });
}
