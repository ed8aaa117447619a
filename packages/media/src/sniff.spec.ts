import { TaskError } from '@polyreel/core';
import { samplePng, sampleWav } from '@polyreel/testkit';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sniff } from './sniff.js';

const bytes = (latin: string): Buffer => Buffer.from(latin, 'latin1');
const ftyp = (...brands: string[]): Buffer => {
  const [major = '', ...compatible] = brands;
  const box = bytes(`\0\0\0\0ftyp${major}\0\0\0\0${compatible.join('')}`);
  box.writeUInt32BE(box.length);
  return box;
};

it.each<[string, Uint8Array, string]>([
  ['PNG', samplePng(), 'image/png'],
  ['JPEG', bytes('\xff\xd8\xff\xe0\0\x10JFIF'), 'image/jpeg'],
  ['GIF', bytes('GIF89a\x01\0\x01\0'), 'image/gif'],
  ['WebP', bytes('RIFF\x24\0\0\0WEBPVP8 \0\0\0\0'), 'image/webp'],
  ['still WebP with alpha', bytes('RIFF\x24\0\0\0WEBPVP8X\x0a\0\0\0\x10\0\0\0'), 'image/webp'],
  ['BMP', bytes('BM\x36\0\x0c\0\0\0\0\0\x36\0\0\0'), 'image/bmp'],
  ['TIFF', bytes('II*\0\x08\0\0\0'), 'image/tiff'],
  ['AVIF', ftyp('avif', 'avif', 'mif1'), 'image/avif'],
  ['AVIF by its second brand', ftyp('mif1', 'avif'), 'image/avif'],
  ['MP4', ftyp('isom', 'isom', 'mp42'), 'video/mp4'],
  ['QuickTime', ftyp('qt  '), 'video/quicktime'],
  ['old QuickTime', bytes('\0\0\0\x08wide\0\0\0\0mdat'), 'video/quicktime'],
  ['3GP', ftyp('3gp5'), 'video/3gpp'],
  ['M4A', ftyp('M4A ', 'isom'), 'audio/mp4'],
  ['WebM', bytes('\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm'), 'video/webm'],
  ['Matroska', bytes('\x1a\x45\xdf\xa3\xa3B\x86\x81\x01B\x82\x88matroska'), 'video/x-matroska'],
  ['AVI', bytes('RIFF\x24\0\0\0AVI LIST'), 'video/x-msvideo'],
  ['FLV', bytes('FLV\x01\x05\0\0\0\x09'), 'video/x-flv'],
  ['MPEG', bytes('\0\0\x01\xba\x44\0\x04\0'), 'video/mpeg'],
  ['WAV', sampleWav(0.2), 'audio/wav'],
  ['RF64', bytes('RF64\xff\xff\xff\xffWAVEds64'), 'audio/wav'],
  ['AIFF', bytes('FORM\0\0\0\x40AIFCFVER'), 'audio/aiff'],
  ['FLAC', bytes('fLaC\0\0\0\x22'), 'audio/flac'],
  ['MP3 with tags', bytes('ID3\x04\0\0\0\0\0\0'), 'audio/mpeg'],
  ['MP3 without tags', bytes('\xff\xfb\x90\x64\0\0'), 'audio/mpeg'],
  ['AAC', bytes('\xff\xf1\x50\x80\x02\x1f\xfc'), 'audio/aac'],
  ['Ogg', bytes('OggS\0\x02\0\0'), 'audio/ogg'],
  ['AMR', bytes('#!AMR\n\x3c'), 'audio/amr'],
])('knows %s', (_name, content, mediaType) => {
  expect(sniff(content).mediaType).toBe(mediaType);
});

it.each<[string, Uint8Array, RegExp]>([
  ['nothing', new Uint8Array(), /empty/],
  ['text', bytes('Dear Sir or Madam,\r\n'), /is text/],
  ['UTF-16 text', bytes('\xff\xfeh\0i\0'), /can read/],
  ['a subtitle', bytes('1\n00:00:01,000 --> 00:00:02,000\nHello\n'), /is text/],
  ['an SDP', bytes('v=0\no=- 0 0 IN IP4 127.0.0.1\n'), /is text/],
  ['HLS', bytes('#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n'), /HLS/],
  ['a concat list', bytes("ffconcat version 1.0\nfile '/etc/passwd'\n"), /playlist/],
  ['DASH', bytes('<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash">'), /DASH/],
  ['SVG', bytes('<?xml version="1.0"?><!-- a --><svg xmlns="x"></svg>'), /SVG/],
  ['HTML', bytes('\n<!DOCTYPE html><html><body>Not found</body></html>'), /web page/],
  ['PDF', bytes('%PDF-1.7\n'), /PDF/],
  ['ZIP', bytes('PK\x03\x04\x14\0'), /ZIP/],
  ['gzip', bytes('\x1f\x8b\x08\0'), /compressed/],
  ['HEIC', ftyp('heic', 'mif1'), /HEIC/],
  ['animated WebP', bytes('RIFF\x24\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0'), /[Aa]nimated/],
  ['a program', bytes('\x7fELF\x02\x01\x01\0'), /can read/],
  ['half a signature', bytes('\x89PN'), /can read/],
])('refuses %s', (_name, content, text) => {
  expect(() => sniff(content)).toThrow(
    expect.objectContaining({ code: 'UNSUPPORTED_MEDIA', message: expect.stringMatching(text) }),
  );
});

it('answers hostile markup without trying every way to read it', () => {
  const comments = bytes('<!---->'.repeat(585));
  const started = performance.now();
  expect(() => sniff(comments)).toThrow(TaskError);
  expect(performance.now() - started).toBeLessThan(10_000);
});

it('throws nothing but TaskError', () => {
  const heads = fc.constantFrom('', 'RIFF', '\0\0\0\x20ftyp', '\x1a\x45\xdf\xa3', 'FORM', '\xff', 'BM', '<');
  fc.assert(
    fc.property(heads, fc.uint8Array({ maxLength: 64 }), (head, tail) => {
      try {
        expect(sniff(Buffer.concat([bytes(head), tail])).mediaType).toMatch(/^(image|video|audio)\//);
      } catch (error) {
        expect(error).toBeInstanceOf(TaskError);
      }
    }),
    { seed: 1 },
  );
});
