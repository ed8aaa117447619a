import { createHmac } from 'node:crypto';

/**
 * Headers by which a receiver knows who sent a message, when, and that it is whole (Standard Webhooks 1.0).
 * @param secrets `whsec_` + base64; each adds a signature, so that a receiver may know the old or the new one
 */
export function standardWebhookHeaders(
  id: string,
  sentAt: Date,
  body: string,
  secrets: readonly string[],
): Record<string, string> {
  const timestamp = String(Math.floor(sentAt.getTime() / 1000));
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  });
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}
