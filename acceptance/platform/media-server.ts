import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** What foreign servers do to a platform that fetches from them. */
const misdeeds: Record<string, (response: ServerResponse) => void> = {
  '/hang': () => undefined,
  '/redirect-to-private': (response) =>
    response.writeHead(302, { location: 'http://169.254.169.254/latest/' }).end(),
  '/redirect-to-loopback': (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
  '/missing': (response) => response.writeHead(404).end('not here'),
  '/broken': (response) => response.writeHead(500).end('sorry'),
  '/page': (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Not a video</h1>'),
  '/huge': (response) => {
    response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': String(1e15) });
    response.write(Buffer.alloc(1024));
  },
};

/** Serves the files of a folder, and the misdeeds, on a free loopback port. */
export async function startMediaServer(folder: string): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const misdeed = misdeeds[path];
    if (misdeed) return misdeed(response);
    const file = join(folder, path.replace(/^.*\//, ''));
    stat(file).then(
      ({ size }) => {
        response.writeHead(200, { 'content-length': String(size) });
        createReadStream(file).pipe(response);
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, server };
}
