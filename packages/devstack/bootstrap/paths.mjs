import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
export const inRoot = (...parts) => join(root, ...parts);

/** Marks of finished steps; beside what they describe, so that deleting it deletes them too. */
export const stamps = {
  packages: inRoot('node_modules/.cache/polyreel/packages.stamp'),
  generated: inRoot('node_modules/.cache/polyreel/generated.stamp'),
  build: inRoot('node_modules/.cache/polyreel/build.stamp'),
};

/** The Node the project runs on; the system's own only runs these bootstrap files. */
export const projectNode = inRoot('node_modules/node/bin/node');

/** With the project's programs first, so that every script they start runs on the project's Node. */
export const projectPath = [inRoot('node_modules/.bin'), process.env.PATH].join(delimiter);
