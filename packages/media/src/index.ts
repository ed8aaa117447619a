export * from './ffmpeg-media-inspector.js';
export * from './guarded-media-intake.js';
export type { MediaLimits } from './media-limits.js';
