import { TaskError } from '@polyreel/core';
import { mediaFormats, type MediaFormat } from './media-format.js';

/** First bytes that are enough to tell every type. */
export const sniffLength = 4_096;

type Head = { readonly bytes: Uint8Array; ascii(from: number, to: number): string };

const refused = (what: string): TaskError => new TaskError('UNSUPPORTED_MEDIA', what);

/** ISO base media: the brands tell MP4, QuickTime, 3GP, M4A, AVIF and HEIC apart. */
function isoBrand(head: Head): MediaFormat {
  const size = Math.min(
    new DataView(head.bytes.buffer, head.bytes.byteOffset).getUint32(0),
    head.bytes.length,
  );
  const major = head.ascii(8, 12);
  const brands = [major];
  for (let at = 16; at + 4 <= size; at += 4) brands.push(head.ascii(at, at + 4));
  if (brands.includes('avis')) throw refused('Animated AVIF is not read; send a still image or a video.');
  if (brands.includes('avif')) return mediaFormats.avif;
  if (/^(hei[cmsx]|hev[cmsx]|mif1|msf1)$/.test(major)) {
    throw refused('HEIC pictures are not read; send JPEG, PNG or WebP.');
  }
  if (major === 'qt  ') return mediaFormats.mov;
  if (major.startsWith('3g')) return mediaFormats.threegp;
  return major.startsWith('M4A') || major.startsWith('M4B') ? mediaFormats.m4a : mediaFormats.mp4;
}

function riff(head: Head): MediaFormat | undefined {
  const form = head.ascii(8, 12);
  if (form === 'WAVE') return mediaFormats.wav;
  if (form === 'AVI ') return mediaFormats.avi;
  if (form !== 'WEBP') return undefined;
  const animated = head.ascii(12, 16) === 'VP8X' && ((head.bytes[20] ?? 0) & 0x02) !== 0;
  if (animated) throw refused('Animated WebP is not read; send a still image or a video.');
  return mediaFormats.webp;
}

/** A bare MPEG audio or ADTS frame header: no magic number, so every field is checked. */
function frameHeader(head: Head): MediaFormat | undefined {
  const [first = 0, second = 0, third = 0] = head.bytes;
  if (first !== 0xff) return undefined;
  if ((second & 0xf6) === 0xf0) return (third & 0x3c) >> 2 < 13 ? mediaFormats.aac : undefined;
  const version = (second >> 3) & 3;
  const layer = (second >> 1) & 3; // 1 = III, 2 = II; layer I would also match UTF-16 text
  const valid = (second & 0xe0) === 0xe0 && version !== 1 && (layer === 1 || layer === 2);
  return valid && third >> 4 !== 15 && ((third >> 2) & 3) !== 3 ? mediaFormats.mp3 : undefined;
}

/** Files that people send by mistake or to do harm, with words that help them. */
const zip = 'The file is a ZIP archive; send the media itself.';
const compressed = 'The file is compressed; send the media itself.';
const refusals: readonly [string, string][] = [
  ['#EXTM3U', 'The file is an HLS playlist; send the video itself.'],
  ['ffconcat', 'The file is a playlist; send the media itself.'],
  ['%PDF-', 'The file is a PDF, not an image, video or sound.'],
  ['PK\x03\x04', zip],
  ['PK\x05\x06', zip],
  ['\x1f\x8b', compressed],
  ['BZh', compressed],
  ['\xfd7zXZ', compressed],
  ['7z\xbc\xaf', compressed],
  ['Rar!', compressed],
  ['\x28\xb5\x2f\xfd', compressed],
];

/** Looked for anywhere in the head: following comments and declarations by expression would invite slow backtracking. */
const markup: readonly [RegExp, string][] = [
  [/<MPD[\s>]/, 'The file is a DASH manifest; send the video itself.'],
  [/<!doctype html|<(html|head|body)[\s>]/i, 'The file is a web page, not media.'],
  [/<svg[\s>]/i, 'SVG is not read; send PNG or JPEG.'],
];

const textControls = new Set([0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x1b]);

function isText(bytes: Uint8Array): boolean {
  if (bytes.some((byte) => byte < 0x20 && !textControls.has(byte))) return false;
  // The last bytes may be half a character.
  const whole = bytes.subarray(0, Math.max(bytes.length - 3, 1));
  return !new TextDecoder('utf-8').decode(whole).includes('\ufffd');
}

/** Why a file that is none of ours is refused. */
function refusalOf(bytes: Uint8Array, latin: string): TaskError {
  const start = latin.trimStart();
  for (const [magic, text] of refusals) if (start.startsWith(magic)) return refused(text);
  if (start.startsWith('<')) {
    for (const [pattern, text] of markup) if (pattern.test(latin)) return refused(text);
  }
  return isText(bytes)
    ? refused('The file is text, not an image, video or sound.')
    : new TaskError('UNSUPPORTED_MEDIA');
}

const signatures: readonly [string, MediaFormat][] = [
  ['\x89PNG\r\n\x1a\n', mediaFormats.png],
  ['\xff\xd8\xff', mediaFormats.jpeg],
  ['GIF87a', mediaFormats.gif],
  ['GIF89a', mediaFormats.gif],
  ['II*\0', mediaFormats.tiff],
  ['MM\0*', mediaFormats.tiff],
  ['FLV\x01', mediaFormats.flv],
  ['\0\0\x01\xba', mediaFormats.mpeg],
  ['fLaC', mediaFormats.flac],
  ['OggS', mediaFormats.ogg],
  ['#!AMR', mediaFormats.amr],
  ['ID3', mediaFormats.mp3],
];

function known(head: Head): MediaFormat | undefined {
  for (const [magic, format] of signatures) if (head.ascii(0, magic.length) === magic) return format;
  const start = head.ascii(0, 4);
  if (start === 'RIFF' || start === 'RF64') return riff(head);
  if (start === '\x1a\x45\xdf\xa3') {
    return head.ascii(4, 64).includes('webm') ? mediaFormats.webm : mediaFormats.mkv;
  }
  if (start === 'FORM' && /^AIF[FC]$/.test(head.ascii(8, 12))) return mediaFormats.aiff;
  const box = head.ascii(4, 8);
  if (box === 'ftyp' && head.bytes.length >= 16) return isoBrand(head);
  // QuickTime older than the ftyp box.
  if (/^(moov|mdat|wide|free|skip|pnot)$/.test(box)) return mediaFormats.mov;
  // Only the reserved zeros make "BM" more than two letters.
  if (head.ascii(0, 2) === 'BM' && head.ascii(6, 10) === '\0\0\0\0') return mediaFormats.bmp;
  return frameHeader(head);
}

/**
 * Tells the type by the first bytes of a file (`sniffLength`, or the whole file when it is shorter).
 * @throws TaskError UNSUPPORTED_MEDIA, saying what the file is when that can be told
 */
export function sniff(bytes: Uint8Array): MediaFormat {
  if (bytes.length === 0) throw refused('The file is empty.');
  const latin = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const format = known({ bytes, ascii: (from, to) => latin.slice(from, to) });
  if (format !== undefined) return format;
  throw refusalOf(bytes, latin);
}
