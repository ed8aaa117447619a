/** Content of a message. Large ones are made while they are sent. */
export type WebhookBody =
  | string
  | {
      /** Exact length. */
      readonly bytes: number;
      /** Opens the content from its beginning. */
      open(): AsyncIterable<Uint8Array>;
    };

export interface WebhookAnswer {
  readonly status: number;
  /** What a Retry-After header asks for. Absent: there is none. */
  readonly retryAfterSeconds?: number;
}

/** The one way out to receivers. Never follows redirects. */
export interface WebhookTransport {
  /**
   * Posts once and returns the answer, whatever its status. `signal` ends it with the signal's reason.
   * @throws TaskError INVALID_INPUT (no URL we post to), INPUT_UNREACHABLE (private address, no answer in time...)
   */
  post(
    url: string,
    headers: Readonly<Record<string, string>>,
    body: WebhookBody,
    signal: AbortSignal,
  ): Promise<WebhookAnswer>;
}
