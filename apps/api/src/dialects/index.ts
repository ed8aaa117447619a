import type { Dialect } from '../http/dialect.js';
import { latentsync } from './latentsync/latentsync.module.js';
import { lightx2v } from './lightx2v/lightx2v.module.js';
import { opeaVideos } from './opea-videos/opea-videos.module.js';
import { runpod } from './runpod/runpod.module.js';

/** Every dialect this API speaks. */
export const dialects: readonly Dialect[] = [latentsync, lightx2v, opeaVideos, runpod];
