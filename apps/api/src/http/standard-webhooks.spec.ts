import { expect, it } from 'vitest';
import { standardWebhookHeaders } from './standard-webhooks.js';

const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
const sentAt = new Date(1_614_265_330_900);
const body = '{"test": 2432232314}';
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

it("signs the specification's example", () => {
  expect(standardWebhookHeaders(id, sentAt, body, [secret])).toEqual({
    'webhook-id': id,
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
});

it('signs with every key while one replaces another', () => {
  const other = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;
  const signatures = standardWebhookHeaders(id, sentAt, body, [secret, other])['webhook-signature']!.split(
    ' ',
  );
  expect(signatures).toHaveLength(2);
  expect(new Set(signatures).size).toBe(2);
  expect(signatures[0]).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
});
