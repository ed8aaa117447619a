import { describe, expect, it } from 'vitest';
import { OptionError, readOptions, usage } from '../bootstrap/options.mjs';

const read = (...args: string[]) => readOptions(args, '/home/someone');

describe('options', () => {
  it('needs none', () => {
    expect(read()).toEqual({ help: false, once: false, sample: true });
  });

  it('takes paths relative to where the user stands', () => {
    expect(read('--once', '--out', 'a.mp4', '--data-dir', '/var/polyreel')).toMatchObject({
      once: true,
      out: '/home/someone/a.mp4',
      dataDir: '/var/polyreel',
    });
  });

  it('accepts a prompt alone', () => {
    expect(read('--prompt', 'a cat on the beach').prompt).toBe('a cat on the beach');
  });

  it.each([
    [['--bogus'], '--bogus'],
    [['stray'], 'stray'],
    [['--port', '80x'], '--port must be a number'],
    [['--port', '65536'], '--port must be a number'],
    [['--port'], '--port'],
    [['--image', 'a', '--video', 'b', '--audio', 'c'], 'not both'],
    [['--audio', 'a.wav'], 'needs --image or --video'],
    [['--video', 'a.mp4'], '--video needs --audio'],
    [['--image', 'a.png', '--audio2', 'b.wav'], '--audio2 needs --audio'],
    [['--prompt', ' '], 'must not be empty'],
    [['--once', '--no-sample'], '--no-sample'],
    [['--image', '/nonexistent/face.png'], 'there is no file /nonexistent/face.png'],
  ])('refuses %j', (args, message) => {
    expect(() => read(...args)).toThrow(OptionError);
    expect(() => read(...args)).toThrow(message);
  });

  it('does not check the rest when help is wanted', () => {
    expect(read('--help', '--video', 'a.mp4').help).toBe(true);
    for (const name of ['once', 'image', 'audio2', 'port', 'data-dir']) expect(usage).toContain(`--${name}`);
  });
});
