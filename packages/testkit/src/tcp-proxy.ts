import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A network between a client and a real server that the test can break. */
export class TcpProxy {
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #mode: 'open' | 'cut' | 'frozen' = 'open';
  port = 0;
  /** Bytes that clients have sent through so far. */
  sent = 0;

  private constructor(
    private readonly host: string,
    private readonly targetPort: number,
  ) {
    this.#server = createServer((client) => this.#accept(client));
  }

  /** Listens on a free port of loopback and passes everything on to the target. */
  static async open(host: string, port: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(host, port);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    proxy.port = (proxy.#server.address() as AddressInfo).port;
    return proxy;
  }

  /** Breaks every connection and every new one, as a server that has died does. */
  cut(): void {
    this.#mode = 'cut';
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Lets nothing through any more while the connections stay open, as an unplugged cable does. */
  freeze(): void {
    this.#mode = 'frozen';
    for (const socket of this.#sockets) socket.pause();
  }

  /** Takes new connections again. Frozen ones are broken. */
  restore(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#mode = 'open';
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(client: Socket): void {
    this.#keep(client);
    if (this.#mode === 'cut') client.destroy();
    if (this.#mode !== 'open') return;
    const server = connect(this.targetPort, this.host);
    this.#keep(server);
    client.on('data', (bytes) => (this.sent += bytes.length));
    client.pipe(server).pipe(client);
    client.on('close', () => server.destroy());
    server.on('close', () => client.destroy());
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    // What breaks here is meant to break.
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
  }
}
