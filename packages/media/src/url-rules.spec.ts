import { TaskError } from '@polyreel/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { UrlRules } from './url-rules.js';

const rules = new UrlRules([]);
const withCode = (code: string): unknown => expect.objectContaining({ name: 'TaskError', code });

it.each([
  'http://example.com/a.png',
  'HTTPS://example.com:8443/a.png?X-Amz-Signature=abc',
  'https://8.8.8.8/a.png',
  'https://[2606:4700:4700::1111]/a.png',
  'https://localhost.example.com/a.png',
  `https://example.com/?token=${'a'.repeat(4000)}`,
])('accepts %s', (url) => {
  expect(() => rules.check(url)).not.toThrow();
});

it.each([
  '',
  'face.png',
  '/etc/passwd',
  'httpfoo',
  'file:///etc/passwd',
  'ftp://example.com/a',
  'gopher://example.com/',
  'data:image/png;base64,AA==',
  'javascript:alert(1)',
  'http://',
  'http://user@example.com/',
  'http://:secret@example.com/',
  'http://example.com:0/',
  'http://example.com:99999/',
  'http://1.2.3.4.5.256/',
  `https://example.com/${'a'.repeat(9000)}`,
])('does not understand %s', (url) => {
  expect(() => rules.check(url)).toThrow(withCode('INVALID_INPUT'));
});

it.each([
  'http://127.0.0.1/',
  'http://127.1/',
  'http://2130706433/',
  'http://0x7f000001/',
  'http://0177.0.0.1/',
  'http://0/',
  'http://１２７.0.0.1/',
  'http://169.254.169.254/latest/meta-data/',
  'http://10.0.0.8:9000/bucket/key',
  'http://100.64.0.1/',
  'http://[::1]/',
  'http://[::ffff:127.0.0.1]/',
  'http://[::ffff:7f00:1]/',
  'http://[64:ff9b::10.0.0.1]/',
  'http://[2002:7f00:1::]/',
  'http://[fd00::1]/',
  'http://[fe80::1]/',
  'http://localhost/',
  'http://LOCALHOST./',
  'http://api.localhost:3000/',
  'http://metadata.google.internal/computeMetadata/v1/',
  'http://printer.local/',
])('calls %s private', (url) => {
  expect(() => rules.check(url)).toThrow(withCode('INPUT_UNREACHABLE'));
});

it.each([
  ['127.0.0.1', 'http://127.0.0.1:9000/a', true],
  ['127.0.0.1:9000', 'http://127.0.0.1:9000/a', true],
  ['127.0.0.1:9000', 'http://127.0.0.1:9001/a', false],
  ['minio.internal:80', 'http://minio.internal/a', true],
  ['minio.internal:80', 'https://minio.internal/a', false],
  ['Minio.Internal', 'http://minio.internal:9000/a', true],
  ['[::1]:9000', 'http://[::1]:9000/a', true],
  ['127.0.0.1', 'http://127.0.0.2/a', false],
])('with %s on the list, %s is allowed: %s', (entry, url, allowed) => {
  const check = (): URL => new UrlRules([entry]).check(url);
  if (allowed) expect(check).not.toThrow();
  else expect(check).toThrow(withCode('INPUT_UNREACHABLE'));
});

it('throws nothing but TaskError', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((text) => `http://${text}`),
      ),
      (text) => {
        try {
          expect(rules.check(text).protocol).toMatch(/^https?:$/);
        } catch (error) {
          expect(error).toBeInstanceOf(TaskError);
        }
      },
    ),
    { numRuns: 40, seed: 1 },
  );
});
