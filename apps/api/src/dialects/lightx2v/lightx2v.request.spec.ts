import { describe, expect, it } from 'vitest';
import { downloadPath, nextPageLink, vocabularyForCreate, vocabularyOf } from './lightx2v.request.js';

describe('requests', () => {
  it.each([
    ['abc.mp4', 'abc'],
    ['outputs/videos/abc.mp4', 'abc'],
    ['/app/outputs/abc.MP4', 'abc'],
    ['../../etc/passwd', 'passwd'],
    ['', ''],
  ])('%s asks for %s', (path, id) => expect(downloadPath(path).id).toBe(id));

  it('looks for wished paths as they stand, absolute, and without the ending', () => {
    expect(downloadPath('out/a.mp4').wished).toEqual([
      ...['out/a.mp4', '/out/a.mp4', './out/a.mp4'],
      ...['out/a', '/out/a', './out/a'],
    ]);
    expect(downloadPath('').wished).toEqual([]);
  });

  it('may demand a vocabulary by path or header, a create also by route and key', () => {
    const ask = (url: string, headers = {}, keySettings = {}) => ({ url, headers, keySettings });
    const guide = { 'x-status-vocabulary': 'guide' };
    expect(vocabularyOf(ask('/v1/tasks/video'))).toBeUndefined();
    expect(vocabularyOf(ask('/lightx2v/v1/tasks/video'))).toBe('server');
    expect(vocabularyOf(ask('/lightx2v/v1/tasks', guide))).toBe('guide');
    expect(vocabularyOf(ask('/v1/tasks', { 'x-status-vocabulary': 'klingon' }))).toBeUndefined();
    expect(vocabularyForCreate(ask('/v1/tasks/video/'))).toBeUndefined();
    for (const legacy of ['/v1/tasks', '/v1/tasks/', '/v1/tasks/?x=1'])
      expect(vocabularyForCreate(ask(legacy))).toBe('server');
    expect(vocabularyForCreate(ask('/v1/tasks/', guide))).toBe('guide');
    const key = { status_vocabulary: 'server' };
    expect(vocabularyForCreate(ask('/v1/tasks/video', {}, key))).toBe('server');
    expect(vocabularyForCreate(ask('/v1/tasks/video', guide, key))).toBe('guide');
    expect(vocabularyForCreate(ask('/v1/tasks/video', {}, { status_vocabulary: 5 }))).toBeUndefined();
  });

  it('links to the next page', () => {
    expect(nextPageLink('/v1/tasks/?limit=2', 2, 'a b')).toBe('</v1/tasks/?limit=2&after=a%20b>; rel="next"');
    expect(nextPageLink('/v1/tasks/', 2, undefined)).toBeUndefined();
  });
});
