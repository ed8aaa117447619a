import { mediaIntakeContract } from '@polyreel/testkit';
import { afterAll, beforeAll } from 'vitest';
import { FileServer } from './file-server.js';
import { intakeIn } from './intake.js';
import { SampleFiles } from './sample-files.js';

let files: SampleFiles;
let server: FileServer;

beforeAll(async () => {
  files = await SampleFiles.open();
  server = await FileServer.start();
});
afterAll(async () => {
  await server.stop();
  await files.remove();
});

mediaIntakeContract(() => {
  const maxBytes = 100_000;
  const limits = { bytes: maxBytes, seconds: 60, pixels: 4_000_000, fetchTimeoutSeconds: 10 };
  const { intake } = intakeIn(files.folder, { limits, allowHosts: [server.host] });
  return { intake, serve: (content) => server.serve('/file', content), maxBytes };
});
