/** Half a second of the smallest picture: made in no time. */
export const tiny = { prompt: 'waves', height: 128, width: 128, video_duration: 0.5 };
