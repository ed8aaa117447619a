import { expect, it } from 'vitest';
import { ProbeReport } from './probe-report.js';

const printed = `packet|stream_index=0|pts_time=-0.023000|duration_time=0.023000|flags=KD_
packet|stream_index=0|pts_time=0.000000|duration_time=0.023000|flags=K__|side_data|

packet|stream_index=1|pts_time=0.040000|duration_time=0.040000|flags=K__
packet|stream_index=1|pts_time=0.000000|duration_time=0.040000|flags=___
packet|stream_index=2|pts_time=N/A|duration_time=N/A|flags=K__
stream|index=1|codec_name=h264|codec_type=video|width=1280|height=720|disposition:attached_pic=0|side_data|rotation=-90
format|nb_streams=3|duration=N/A
`;

it('reads spans, streams and format, however the output is cut', () => {
  for (const size of [7, 64, 10_000]) {
    const report = new ProbeReport();
    for (let at = 0; at < printed.length; at += size) report.add(Buffer.from(printed.slice(at, at + size)));
    expect([...report.spans]).toEqual([
      [0, { start: -0.023, end: 0.023, packets: 2 }],
      [1, { start: 0, end: 0.08, packets: 2 }],
    ]);
    expect(report.streams.map((stream) => stream.get('rotation'))).toEqual(['-90']);
    expect(report.format.get('nb_streams')).toBe('3');
    expect(report.corrupt).toBe(false);
  }
});

it('notes damaged packets', () => {
  const report = new ProbeReport();
  report.add(Buffer.from('packet|stream_index=0|pts_time=1|duration_time=1|flags=K_C\n'));
  expect(report.corrupt).toBe(true);
});

it('can be stopped by a span', () => {
  const report = new ProbeReport(({ end }) => {
    if (end > 10) throw new Error('too long');
  });
  expect(() => report.add(Buffer.from('packet|stream_index=0|pts_time=9.5|duration_time=1\n'))).toThrow(
    'too long',
  );
});

it('refuses a file of more packets than any real one', () => {
  const report = new ProbeReport(undefined, 2);
  report.add(Buffer.from('packet|stream_index=0|pts_time=0\n'.repeat(2)));
  expect(() => report.add(Buffer.from('packet|stream_index=0|pts_time=0\n'))).toThrow(
    expect.objectContaining({ code: 'UNSUPPORTED_MEDIA' }),
  );
});

it('leaves a track of far more packets than its length can need, but not one of short packets', () => {
  const add = (report: ProbeReport, packets: number, seconds: number) => {
    for (let n = 0; n < packets; n++) {
      const time = ((n * seconds) / packets).toFixed(6);
      report.add(Buffer.from(`packet|stream_index=0|pts_time=${time}\n`));
    }
  };
  expect(() => add(new ProbeReport(), 20_000, 0.02)).toThrow(
    expect.objectContaining({ code: 'UNSUPPORTED_MEDIA' }),
  );
  add(new ProbeReport(), 60_000, 40);
});

it('does not collect an endless line', () => {
  const report = new ProbeReport();
  expect(() => report.add(Buffer.alloc(20_000, 'x'))).toThrow();
});
