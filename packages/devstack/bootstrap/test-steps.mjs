// Everything `npm test` runs. A check is one test; a runner brings the number of its tests.
import { availableParallelism } from 'node:os';
import { inRoot } from './paths.mjs';
import { environmentFolder } from './python.mjs';
import { junitCounts, vitestCounts } from './test-counts.mjs';

const report = (name) => inRoot('node_modules/.cache/polyreel', name);
// Has the libraries of all engines.
const python = (program) => `${environmentFolder('diffusion')}/bin/${program}`;
const inference = inRoot('inference');

const vitest = (project) => {
  const path = report(`${project}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${path}`];
  return {
    name: project,
    title: `${project[0].toUpperCase()}${project.slice(1)} tests`,
    command: 'vitest',
    args: ['run', '--project', project, ...reporters],
    report: path,
    count: vitestCounts,
  };
};
const pytestReport = report('pytest.xml');
// Each process holds torch and tiny models, about a gigabyte.
const pytestProcesses = String(Math.min(4, availableParallelism()));

const nodeChecks = [
  { name: 'build', title: 'Build', command: 'tsc', args: ['-b'] },
  { name: 'types', title: 'Types of the tests', command: 'tsc', args: ['-p', 'tsconfig.tests.json'] },
  { name: 'lint', title: 'Lint', command: 'eslint', args: ['--cache', '--max-warnings=0', '.'] },
  { name: 'format', title: 'Format', command: 'prettier', args: ['--check', '--log-level', 'warn', '.'] },
  {
    name: 'imports',
    title: 'Import rules',
    command: 'depcruise',
    args: ['--config', '.dependency-cruiser.mjs', 'packages', 'apps', 'acceptance'],
  },
  { name: 'unused', title: 'Unused code', command: 'knip', args: [] },
  { name: 'proto', title: 'Proto lint', command: 'buf', args: ['lint'], cwd: inRoot('proto') },
];

const pythonChecks = [
  { name: 'ruff', title: 'Python lint', command: python('ruff'), args: ['check', '.'], cwd: inference },
  {
    name: 'ruff-format',
    title: 'Python format',
    command: python('ruff'),
    args: ['format', '--check', '.'],
    cwd: inference,
  },
  { name: 'mypy', title: 'Python types', command: python('mypy'), args: [], cwd: inference },
  {
    name: 'import-linter',
    title: 'Python import rules',
    command: python('lint-imports'),
    args: [],
    cwd: inference,
  },
  {
    name: 'pytest',
    title: 'Python tests',
    command: python('pytest'),
    args: ['-q', '-n', pytestProcesses, '--dist', 'loadfile', `--junitxml=${pytestReport}`],
    cwd: inference,
    report: pytestReport,
    count: junitCounts,
  },
];

/**
 * Stages run one after the other; the lanes of a stage side by side, each in its own order. The last stages
 * measure time and start servers, so they have the machine to themselves.
 */
export const stages = [
  [[...nodeChecks, vitest('unit')], pythonChecks],
  [[vitest('integration')]],
  [[vitest('acceptance')]],
];

export const stepNames = stages.flat(2).map(({ name }) => name);
