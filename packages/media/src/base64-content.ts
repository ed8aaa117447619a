import { TaskError } from '@polyreel/core';

/** Characters decoded at a time: the decoded copy stays this small however long the text is. */
const sliceLength = 65_536;
/** Longest `data:...;base64,` header looked at. */
const headerLength = 2_048;

const notBase64 = (why: string): TaskError =>
  new TaskError('INVALID_INPUT', `The input is not base64: ${why}.`);

interface DataHeader {
  /** Where the payload starts in the text. */
  readonly payload: number;
  /** The `name` parameter of the data URL. */
  readonly fileName?: string;
}

/**
 * Splits off `data:<type>;<parameters>;base64,`; bare base64 has no header. The declared type is not used:
 * the bytes tell it. @throws TaskError INVALID_INPUT
 */
export function readDataHeader(text: string): DataHeader {
  const start = text.search(/\S/);
  if (start < 0) throw notBase64('it is empty');
  if (text.slice(start, start + 5).toLowerCase() !== 'data:') return { payload: start };
  const header = /^(?:[^",]|"[^"]*")*,/.exec(text.slice(start, start + headerLength))?.[0];
  if (header === undefined) throw notBase64('the data URL has no comma before its content');
  if (!/;\s*base64\s*,$/i.test(header)) throw notBase64('the data URL does not say ";base64"');
  const name = /;\s*(?:file)?name=(?:"([^"]*)"|([^;,"]*))/i.exec(header);
  const fileName = name?.[1] ?? name?.[2];
  return {
    payload: start + header.length,
    ...(fileName === undefined ? {} : { fileName: percentDecoded(fileName) }),
  };
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * Decodes slice by slice. White space may stand anywhere, `-_` are read as `+/`, padding may be missing.
 * @throws TaskError INVALID_INPUT at the first character that cannot be base64
 */
export function* decodeBase64(text: string, from: number): Generator<Uint8Array> {
  let carry = '';
  let padding = 0;
  for (let start = from; start < text.length; start += sliceLength) {
    const slice = text.slice(start, start + sliceLength).replace(/\s+/g, '');
    const letters = withoutPadding(slice);
    if (/[^A-Za-z0-9+/_-]/.test(letters)) {
      throw notBase64('it holds characters other than letters, digits, "+", "/" and "="');
    }
    if (padding > 0 && letters !== '') throw notBase64('text follows the final "="');
    padding += slice.length - letters.length;
    const pending = carry + letters;
    const whole = pending.length - (pending.length % 4);
    // Buffer reads both alphabets.
    if (whole > 0) yield Buffer.from(pending.slice(0, whole), 'base64');
    carry = pending.slice(whole);
  }
  if (carry.length === 1) throw notBase64('its end is missing');
  if (padding > 0 && padding !== (4 - carry.length) % 4)
    throw notBase64('the number of "=" at its end is wrong');
  if (carry !== '') yield Buffer.from(carry, 'base64');
}

/** By hand: an expression for the end of a text begins anew at every "=", which takes seconds for a slice full of them. */
function withoutPadding(slice: string): string {
  let end = slice.length;
  while (slice[end - 1] === '=') end -= 1;
  return slice.slice(0, end);
}
