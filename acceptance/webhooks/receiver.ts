import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';

/** A message as it came. */
export interface Received {
  /** Seconds on a clock of its own. */
  readonly at: number;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly text: string;
}

type Answer = (response: ServerResponse) => void;

/** A receiver of webhooks on a free port of the loopback address. */
export class Receiver {
  private readonly answers = new Map<string, Answer[]>();
  private readonly messages = new Map<string, Received[]>();
  private arrival = Promise.withResolvers<void>();

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.once('end', () => {
        const path = request.url ?? '';
        this.messages.set(path, [
          ...this.at(path),
          {
            at: performance.now() / 1000,
            method: request.method ?? '',
            headers: request.headers as Record<string, string>,
            text: Buffer.concat(chunks).toString(),
          },
        ]);
        const answer = this.answers.get(path)?.shift();
        if (answer) answer(response);
        else response.writeHead(200).end();
        this.arrival.resolve();
        this.arrival = Promise.withResolvers();
      });
    });
  }

  static async start(): Promise<Receiver> {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return new Receiver(server);
  }

  get host(): string {
    const address = this.server.address();
    if (typeof address !== 'object' || address === null) throw new Error('The receiver is not listening.');
    return `127.0.0.1:${address.port}`;
  }

  /** URL of a path whose first requests are answered so; later ones, and those of other paths, with 200. */
  on(path: string, ...answers: readonly (number | Answer)[]): string {
    this.answers.set(
      path,
      answers.map((answer) =>
        typeof answer === 'number' ? (response) => response.writeHead(answer).end() : answer,
      ),
    );
    return `http://${this.host}${path}`;
  }

  /** Everything that has come to a path so far. */
  at(path: string): readonly Received[] {
    return this.messages.get(path) ?? [];
  }

  /** Resolves when this many messages for which `wanted` holds have come to a path. */
  async received(
    path: string,
    count = 1,
    wanted: (message: Received) => boolean = () => true,
  ): Promise<Received[]> {
    for (;;) {
      const { promise } = this.arrival;
      const messages = this.at(path).filter(wanted);
      if (messages.length >= count) return messages;
      await promise;
    }
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}
