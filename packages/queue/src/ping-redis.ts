import { connect, producerOptions } from './connection-options.js';
import { withDeadline } from './with-deadline.js';

/** One PING over a connection of its own. @throws Error when Redis does not answer within `timeoutMs` milliseconds */
export async function pingRedis(url: string, timeoutMs = 2_000): Promise<void> {
  let lastError: Error | undefined;
  const options = { ...producerOptions, lazyConnect: true, retryStrategy: () => null };
  const client = connect(url, options, (error) => (lastError = error));
  try {
    const ping = client.connect().then(() => client.ping());
    await withDeadline(ping, timeoutMs, `Redis did not answer within ${timeoutMs} ms.`);
  } catch (error) {
    // "Connection is closed" says less than what closed it.
    throw lastError ?? error;
  } finally {
    client.disconnect();
  }
}
