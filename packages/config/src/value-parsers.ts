const whole = /^[+-]?\d+$/;
const decimal = /^[+-]?\d+(\.\d+)?$/;

/** `NaN` for anything but digits, so that "8080x" and "1e3" are refused instead of half-read. */
export const integer = (text: string): number => (whole.test(text) ? Number(text) : Number.NaN);

export const number = (text: string): number => (decimal.test(text) ? Number(text) : Number.NaN);

/** Text other than the accepted words is passed on, for the validator to refuse. */
export function boolean(text: string): boolean | string {
  if (['true', '1', 'yes', 'on'].includes(text.toLowerCase())) return true;
  if (['false', '0', 'no', 'off'].includes(text.toLowerCase())) return false;
  return text;
}

/** Comma separated; blanks around items and empty items are dropped. */
export const list = (text: string): string[] =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
