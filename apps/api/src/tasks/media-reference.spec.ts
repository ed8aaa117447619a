import { describe, expect, it } from 'vitest';
import { mediaReference, volumeKey } from './media-reference.js';

const volume = { roots: ['/runpod-volume', '/my_volume'], prefix: 'volume/' };

describe('mediaReference', () => {
  it.each([
    ['https://h/a.png', { type: 'url', url: 'https://h/a.png' }],
    [' HTTP://h/a.png ', { type: 'url', url: 'HTTP://h/a.png' }],
    ['data:image/png;base64,AAAA', { type: 'base64', text: 'data:image/png;base64,AAAA' }],
    ['QUJD'.repeat(20), { type: 'base64', text: 'QUJD'.repeat(20) }],
  ])('%s is no path', (text, source) => {
    expect(mediaReference('image', text, volume)).toEqual({ role: 'image', source });
  });

  it.each([
    ['examples/a.png', 'volume/examples/a.png'],
    ['/runpod-volume/a.png', 'volume/a.png'],
    ['/my_volume/dir/a b.wav', 'volume/dir/a b.wav'],
    ['/path/to/input.jpg', 'volume/path/to/input.jpg'],
    [`${'long/'.repeat(30)}name.jpg`, `volume/${'long/'.repeat(30)}name.jpg`],
  ])('%s is an object of the volume', (path, objectKey) => {
    expect(mediaReference('image', path, volume)).toEqual({ role: 'image', objectKey });
  });

  it.each([
    '../secret',
    'a/../../b',
    '/runpod-volume/../inputs/x',
    'a//b',
    'file:///etc/passwd',
    'a\\b',
    'a\0b',
    '',
    '.',
  ])('%j is refused', (path) => expect(() => volumeKey(path, volume)).toThrow('does not name a file'));
});
