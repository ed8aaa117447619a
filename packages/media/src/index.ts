export * from './ffmpeg-logo-appender.js';
export * from './ffmpeg-media-inspector.js';
export * from './guarded-media-intake.js';
export * from './guarded-upload.js';
export * from './guarded-webhook-transport.js';
export type { MediaLimits } from './media-limits.js';
