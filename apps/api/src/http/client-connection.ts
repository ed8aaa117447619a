import type { FastifyRequest } from 'fastify';

/**
 * Runs work that is of no use once the client has gone; its signal fires when the connection closes.
 * Fastify's own `request.signal` does not help here: it fires as soon as the body of a POST has been read.
 */
export async function whileConnected<T>(
  request: { readonly raw: Pick<FastifyRequest['raw'], 'socket'> },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const gone = new AbortController();
  const onClose = () => gone.abort();
  const { socket } = request.raw;
  if (socket.destroyed) onClose();
  socket.once('close', onClose);
  try {
    return await work(gone.signal);
  } finally {
    // The connection may serve many more requests.
    socket.off('close', onClose);
  }
}
