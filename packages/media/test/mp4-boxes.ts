/** Numbers of 32 bits, the most significant byte first. */
export function u32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => bytes.writeUInt32BE(value, 4 * index));
  return bytes;
}

/** A box of an ISO media file. */
export function box(type: string, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([u32(8 + body.length), Buffer.from(type, 'latin1'), body]);
}

/** A movie of so many samples of one byte and one microsecond each, none of which decodes. */
export function movieOfTinySamples(count: number): Buffer {
  const head = box('ftyp', Buffer.from('isom\0\0\0\0isom', 'latin1'));
  const matrix = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);
  const size = 64 << 16;
  const entry = box('mp4v', u32(0, 1, 0, 0, 0, 0, (64 << 16) | 64), Buffer.alloc(46), u32(0x18ffff));
  const table = box(
    'stbl',
    box('stsd', u32(0, 1), entry),
    box('stts', u32(0, 1, count, 1)),
    box('stsc', u32(0, 1, 1, count, 1)),
    box('stsz', u32(0, 1, count)),
    box('stco', u32(0, 1, head.length + 8)),
  );
  const media = box(
    'mdia',
    box('mdhd', u32(0, 0, 0, 1_000_000, count, 0x55c40000)),
    box('hdlr', u32(0, 0), Buffer.from('vide'), Buffer.alloc(13)),
    box('minf', box('vmhd', u32(1, 0, 0)), box('dinf', box('dref', u32(0, 1), box('url ', u32(1)))), table),
  );
  const track = box(
    'trak',
    box('tkhd', u32(3, 0, 0, 1, 0, 1000, 0, 0, 0, 0), matrix, u32(size, size)),
    media,
  );
  const movie = box(
    'mvhd',
    u32(0, 0, 0, 1000, 1000, 0x10000, 0x1000000, 0, 0),
    matrix,
    Buffer.alloc(24),
    u32(2),
  );
  return Buffer.concat([head, box('mdat', Buffer.alloc(count)), box('moov', movie, track)]);
}
