import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A real HTTP server on a free port of the loopback address. */
export class FileServer {
  /** Paths asked for so far. */
  readonly requests: string[] = [];
  private readonly answers = new Map<string, Answer>();

  private constructor(private readonly server: Server) {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const path = request.url ?? '';
      this.requests.push(path);
      const answer = this.answers.get(path);
      if (answer === undefined) response.writeHead(404).end('no such file');
      else answer(request, response);
    });
  }

  static async start(): Promise<FileServer> {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return new FileServer(server);
  }

  get port(): number {
    const address = this.server.address();
    if (typeof address !== 'object' || address === null) throw new Error('The server is not listening.');
    return address.port;
  }

  get host(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Answers this path so, and returns its URL. */
  on(path: string, answer: Answer): string {
    this.answers.set(path, answer);
    return `http://${this.host}${path}`;
  }

  /** The content with Content-Length; understands one Range. */
  serve(path: string, content: Uint8Array): string {
    return this.on(path, (request, response) => {
      const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
      const start = Number(range?.[1] ?? 0);
      const end = Math.min(Number(range?.[2] || content.length - 1), content.length - 1);
      if (range !== null) response.setHeader('content-range', `bytes ${start}-${end}/${content.length}`);
      response.setHeader('accept-ranges', 'bytes').setHeader('content-length', end - start + 1);
      response.writeHead(range === null ? 200 : 206).end(content.subarray(start, end + 1));
    });
  }

  /** Answers with these bytes and zeros without end. `closed` resolves when the client has hung up. */
  endless(path: string, start: Uint8Array = Buffer.alloc(0)): { url: string; closed: Promise<void> } {
    const closed = Promise.withResolvers<void>();
    const url = this.on(path, (_request, response) => {
      response.once('close', closed.resolve);
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536))) continue;
      };
      response.write(start);
      response.on('drain', more);
      more();
    });
    return { url, closed: closed.promise };
  }

  redirect(path: string, location: string, status = 302): string {
    return this.on(path, (_request, response) => response.writeHead(status, { location }).end());
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}
