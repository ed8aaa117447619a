import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { randomInt } from 'node:crypto';

/**
 * A port nobody listens on, below the range from which systems take the ports of outgoing connections,
 * so that a child that is restarted minutes later still finds it free. No launcher of this machine is given
 * it again as long as this process lives.
 */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = randomInt(20_000, 32_000);
    const release = await reserve(port);
    if (!release) continue;
    if (await isFree(host, port)) return port;
    release();
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

/**
 * Between the choice of a port and the child that listens there lie seconds. Until this process ends, its UDP port
 * of the same number is held, which only one process can, which no TCP server minds, and which needs no cleaning up.
 * @returns what gives it up; undefined when another process holds it
 */
function reserve(port: number): Promise<(() => void) | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => socket.close(() => resolve(undefined)));
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => {
      socket.unref();
      resolve(() => void socket.close());
    });
  });
}
