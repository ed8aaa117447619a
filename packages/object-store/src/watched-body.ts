import type { Readable } from 'node:stream';

/** Milliseconds a store may be silent in the middle of an object. */
const silenceLimit = 30_000;

/**
 * The body of an answer. Fails when the store is silent for too long while
 * somebody waits; a slow reader never counts as silence. Leaving it closes the connection.
 */
export async function* watchedBody(body: Readable, limit = silenceLimit): AsyncGenerator<Uint8Array> {
  const expire = () => body.destroy(new Error(`The object store was silent for ${limit} ms.`));
  let timer = setTimeout(expire, limit);
  try {
    for await (const piece of body) {
      clearTimeout(timer);
      yield piece;
      timer = setTimeout(expire, limit);
    }
  } finally {
    clearTimeout(timer);
    body.destroy();
  }
}
