/** Input of a job that keeps the engine busy for minutes when nobody stops it. */
export const longSpeech = { wav_path: '/my_volume/long.wav', width: 256, height: 256 };
