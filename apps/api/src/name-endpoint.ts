import { loadApiSettings } from '@polyreel/config';
import { taskKinds, type Endpoint, type TaskKind } from '@polyreel/core';
import { connectDatabase, migrate, PrismaEndpoints } from '@polyreel/database';
import { parseArgs } from 'node:util';

const usage = `Usage: pnpm endpoint --name NAME --kind ${taskKinds.join('|')} --model MODEL [--defaults JSON]
       pnpm endpoint --name NAME --remove
       pnpm endpoint

Names an endpoint (/v2/NAME), takes the name away, or lists all of them. Servers see the change within seconds.
--defaults: parameters where a request has none, such as '{"steps": 8, "width": 832, "height": 480}'.
`;

const { values } = parseArgs({
  options: {
    name: { type: 'string' },
    kind: { type: 'string' },
    model: { type: 'string' },
    defaults: { type: 'string', default: '{}' },
    remove: { type: 'boolean', default: false },
  },
});
const { name, remove } = values;
const endpoint = name !== undefined && !remove ? endpointOf(name) : undefined;
if (name === undefined && process.argv.length > 2) refuse('--name is missing.');

const { databaseUrl } = loadApiSettings();
await migrate(databaseUrl);
const database = connectDatabase(databaseUrl, { applicationName: 'polyreel-endpoint' });
try {
  const endpoints = new PrismaEndpoints(database.prisma);
  if (endpoint) await endpoints.put(endpoint);
  else if (name !== undefined && !(await endpoints.remove(name))) refuse(`There is no endpoint ${name}.`);
  if (name === undefined)
    for (const known of await endpoints.all()) process.stdout.write(`${JSON.stringify(known)}\n`);
} finally {
  await database.close();
}

function endpointOf(name: string): Endpoint {
  const { kind, model = '', defaults } = values;
  if (!/^[\w-]{1,64}$/.test(name)) refuse('--name must be 1 to 64 letters, digits, - and _.');
  if (!taskKinds.includes(kind as TaskKind)) refuse(`--kind must be one of ${taskKinds.join(', ')}.`);
  if (model === '' || model.length > 200)
    refuse('--model must be the name of a model, as its engine tells it.');
  return { name, kind: kind as TaskKind, model, defaults: parametersOf(defaults) };
}

function parametersOf(text: string): Endpoint['defaults'] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    refuse('--defaults must be JSON.');
  }
  const isPlain = (value: unknown) => ['string', 'number', 'boolean'].includes(typeof value);
  if (typeof parsed !== 'object' || parsed === null || !Object.values(parsed).every(isPlain))
    refuse('--defaults must be an object of texts, numbers and true or false.');
  const unknown = Object.keys(parsed).find((key) => !/^[a-z][a-z0-9_]{0,63}$/.test(key));
  if (unknown !== undefined) refuse(`--defaults: ${unknown} cannot be the name of a parameter.`);
  return parsed as Endpoint['defaults'];
}

function refuse(reason: string): never {
  process.stderr.write(`${reason}\n\n${usage}`);
  process.exit(2);
}
