import type { WebhookAnswer, WebhookBody, WebhookTransport } from '@polyreel/core';

export interface PostedWebhook {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: WebhookBody;
}

/** Answers as it is told to and remembers what was posted. */
export class MemoryWebhookTransport implements WebhookTransport {
  readonly posted: PostedWebhook[] = [];

  /** @param answer what a receiver does; it may hang until the signal fires, which this double then obeys */
  constructor(public answer: (posted: PostedWebhook) => Promise<WebhookAnswer>) {}

  async post(
    url: string,
    headers: Readonly<Record<string, string>>,
    body: WebhookBody,
    signal: AbortSignal,
  ): Promise<WebhookAnswer> {
    signal.throwIfAborted();
    const posted = { url, headers, body };
    this.posted.push(posted);
    const aborted = Promise.withResolvers<never>();
    signal.addEventListener('abort', () => aborted.reject(signal.reason), { once: true });
    return Promise.race([this.answer(posted), aborted.promise]);
  }
}
