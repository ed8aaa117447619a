import { connect } from 'node:net';

/** Whether a TCP connection is accepted within a second. */
export function acceptsConnections(host: string, port: number): Promise<boolean> {
  return exchange(host, port, '', () => true);
}

/** Sends `message` and hands what comes back within a second to `accept`; with no message, connecting is enough. */
export function exchange(
  host: string,
  port: number,
  message: string,
  accept: (reply: string) => boolean,
): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1000 });
    let reply = '';
    const finish = (ready: boolean) => {
      socket.destroy();
      resolve(ready);
    };
    socket.on('connect', () => (message === '' ? finish(accept('')) : socket.write(message)));
    socket.on('data', (chunk) => {
      reply += chunk.toString('latin1');
      if (accept(reply)) finish(true);
    });
    socket.on('timeout', () => finish(false));
    socket.on('error', () => finish(false));
    socket.on('close', () => finish(accept(reply) && message !== ''));
  });
}

/** Whether a GET is answered within two seconds with a status the caller accepts. */
export async function answers(url: string, accept: (status: number) => boolean): Promise<boolean> {
  const reply = await fetch(url, { signal: AbortSignal.timeout(2000), redirect: 'manual' });
  await reply.body?.cancel();
  return accept(reply.status);
}
