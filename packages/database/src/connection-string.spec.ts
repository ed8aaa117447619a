import { expect, it } from 'vitest';
import { withUtcSession } from './connection-string.js';

function optionsOf(url: string): string | null {
  return new URL(url).searchParams.get('options');
}

it('asks for UTC and keeps the rest of the address', () => {
  const url = new URL(withUtcSession('postgresql://me:p%40ss@db.example:6543/polyreel?sslmode=require'));
  expect(url.searchParams.get('options')).toBe('-c TimeZone=UTC');
  expect(url.searchParams.get('sslmode')).toBe('require');
  expect(url.password).toBe('p%40ss');
  expect(url.host).toBe('db.example:6543');
});

it('adds to options that are already there', () => {
  expect(optionsOf(withUtcSession('postgresql://db/x?options=-c%20search_path%3Dpoly'))).toBe(
    '-c search_path=poly -c TimeZone=UTC',
  );
});
