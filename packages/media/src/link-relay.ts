import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Dispatcher } from 'undici';

const passedOn = ['content-type', 'content-length', 'content-range', 'accept-ranges'] as const;

/**
 * Lets a media tool read a link of our own store through a loopback address while `work` runs. The packaged tools
 * are static programs that may fail to resolve names, and a signed link has no place in a process list.
 * @throws Error when the store does not give the content
 */
export async function withLinkRelay<Result>(
  dispatcher: Dispatcher,
  link: string,
  work: (address: string) => Promise<Result>,
): Promise<Result> {
  const path = `/${randomBytes(16).toString('hex')}`;
  const target = new URL(link);
  let refused: Error | undefined;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method !== 'GET' || request.url !== path) return void response.writeHead(404).end();
    const { range } = request.headers;
    const upstream = await dispatcher.request({
      origin: target.origin,
      path: target.pathname + target.search,
      method: 'GET',
      headers: range === undefined ? {} : { range },
    });
    if (upstream.statusCode >= 300 && upstream.statusCode !== 416) {
      refused = new Error(`The object store answered ${upstream.statusCode} for a result.`);
    }
    for (const name of passedOn) {
      const value = upstream.headers[name];
      if (value !== undefined) response.setHeader(name, value);
    }
    await pipeline(upstream.body, response.writeHead(upstream.statusCode));
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      // A tool that has seen enough hangs up; only what happens before the answer is the store's failure.
      if (!response.headersSent)
        refused ??= new Error('The object store cannot be reached.', { cause: error });
      response.destroy();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  try {
    const bound = server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    return await work(`http://127.0.0.1:${port}${path}`);
  } catch (error) {
    throw refused ?? error;
  } finally {
    server.close();
    server.closeAllConnections();
  }
}
