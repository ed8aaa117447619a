import { describe, expect, it } from 'vitest';
import { contentDisposition } from './content-disposition.js';

describe('content disposition', () => {
  it.each([
    ['video.mp4', `filename="video.mp4"; filename*=UTF-8''video.mp4`],
    ['été 視頻.mp4', `filename="_t_ __.mp4"; filename*=UTF-8''%C3%A9t%C3%A9%20%E8%A6%96%E9%A0%BB.mp4`],
    [
      `it's "50%" (1)*.mp4`,
      `filename="it's _50__ (1)*.mp4"; filename*=UTF-8''it%27s%20%2250%25%22%20%281%29%2A.mp4`,
    ],
    ['../../etc/passwd', `filename=".._.._etc_passwd"; filename*=UTF-8''.._.._etc_passwd`],
    ['a\r\nSet-Cookie: b', `filename="a_Set-Cookie: b"; filename*=UTF-8''a_Set-Cookie%3A%20b`],
    ['', `filename="file"; filename*=UTF-8''file`],
    ['\ud83d', `filename="_"; filename*=UTF-8''_`],
  ])('of %j', (fileName, expected) => {
    expect(contentDisposition('attachment', fileName)).toBe(`attachment; ${expected}`);
  });

  it('cuts long names between characters', () => {
    const header = contentDisposition('inline', '😀'.repeat(400));
    expect(decodeURIComponent(header.slice(header.indexOf("''") + 2))).toBe('😀'.repeat(150));
  });
});
