import { describe, expect, it } from 'vitest';
import { logoArguments, type LeadingVideo } from './logo-arguments.js';

const input = (path: string) => ({
  input: `file:${path}`,
  demuxers: ['mov'],
  forced: false,
  protocols: 'file',
});
const clip = { input: input('/logo.mp4'), seconds: 1.5, hasSound: true };
const video: LeadingVideo = { width: 720, height: 1280, rate: '30000/1001' };
const sound = { sampleRate: 16_000, channels: 1 };

const filtersOf = (facts: LeadingVideo, hasSound = true) => {
  const args = logoArguments(input('/in'), facts, { ...clip, hasSound }, 'file:/out');
  return args[args.indexOf('-filter_complex') + 1]!;
};

describe('logoArguments', () => {
  it('reads both files under the rules for inputs and writes one MP4', () => {
    const args = logoArguments(input('/in'), video, clip, 'file:/out');
    expect(args.filter((_, index) => args[index - 1] === '-i')).toEqual(['file:/in', 'file:/logo.mp4']);
    expect(args.filter((arg) => arg === '-protocol_whitelist')).toHaveLength(2);
    expect(args.at(-1)).toBe('file:/out');
  });

  it('fits the clip into size and rate of the video', () => {
    expect(filtersOf(video)).toContain('scale=720:1280:force_original_aspect_ratio=decrease,pad=720:1280:');
    expect(filtersOf(video)).toContain('fps=30000/1001');
  });

  it.each([
    ['a silent video stays silent', undefined, true, /^(?!.*(anullsrc|aformat)).*concat=n=2:v=1:a=0/],
    ['sound of the clip in the layout of the video', sound, true, /\[1:a:0\]aformat=.*=16000:.*=mono,apad/],
    ['silence of the length of the clip', sound, false, /anullsrc=r=16000:cl=mono.*atrim=0:1\.500000/],
    ['anything beyond mono becomes stereo', { ...sound, channels: 6 }, true, /channel_layouts=stereo/],
  ])('%s', (_name, given, hasSound, expected) => {
    expect(filtersOf({ ...video, ...(given && { sound: given }) }, hasSound)).toMatch(expected);
  });
});
