import { createServer } from 'node:net';
import { randomInt } from 'node:crypto';

/**
 * A port nobody listens on, below the range from which systems take the ports of outgoing connections,
 * so that a child that is restarted minutes later still finds it free.
 */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = randomInt(20_000, 32_000);
    if (await isFree(host, port)) return port;
  }
  throw new Error(`No free port found on ${host} between 20000 and 32000.`);
}

/** Whether one could listen there now. */
export function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
