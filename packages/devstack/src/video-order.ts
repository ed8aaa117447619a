import { join } from 'node:path';
import type { StartOptions } from '../bootstrap/options.mjs';
import { root } from './checkout.js';
import type { VideoInputs } from './video-job.js';

const sampleInputs: VideoInputs = {
  image: join(root, 'inference/samples/portrait.jpg'),
  audio: join(root, 'inference/samples/speech.wav'),
  prompt: 'a person is talking',
};

export interface VideoOrder {
  title: string;
  inputs: VideoInputs;
  /** Where the copy goes. */
  out: string;
  /** What to know about the link, such as how long it works. */
  linkRemark?: string;
}

export interface SampleFacts {
  /** An earlier start of this data folder has made it. */
  made: boolean;
  /** Engines of the operator's run the jobs: they may have no model for it, or take an hour on it. */
  foreignEngines: boolean;
}

/** The user's own inputs when there are any, else the sample: when asked for, and on the first start of the preview. */
export function orderOf(
  options: StartOptions,
  dataDir: string,
  { made, foreignEngines }: SampleFacts,
): VideoOrder | undefined {
  const { image, video, audio, audio2, prompt } = options;
  const out = options.out ?? join(dataDir, 'sample.mp4');
  const linkRemark = options.once ? ' (only while Polyreel runs)' : undefined;
  if (image || video || audio || prompt !== undefined) {
    return { title: 'Your video', inputs: { image, video, audio, audio2, prompt }, out, linkRemark };
  }
  const wanted = options.once || options.out !== undefined || !(made || foreignEngines);
  if (!options.sample || !wanted) return undefined;
  return { title: 'The sample: a portrait that speaks', inputs: sampleInputs, out, linkRemark };
}
