/**
 * Parameters of a generation, normalised by the dialects. All optional: absent
 * means the engine's default (see its Describe reply). Unknown ones are refused
 * by the engine, so a dialect sets only what the client asked for.
 */
export interface GenerationParameters {
  prompt?: string;
  negative_prompt?: string;
  /** Pixels. */
  width?: number;
  height?: number;
  fps?: number;
  /** Number of frames; wins over `seconds`. */
  frames?: number;
  seconds?: number;
  /** Denoising steps. */
  steps?: number;
  seed?: number;
  guidance_scale?: number;
  audio_guidance_scale?: number;
  /** Flow shift of the noise schedule. */
  shift?: number;
  /** Two speech tracks: `para` at the same time, `add` one after the other. */
  audio_mode?: 'para' | 'add';
  /** Ask for the mask video of a lip-sync. */
  return_mask?: boolean;
  /** Parameters only some engines have. */
  [name: string]: string | number | boolean | undefined;
}
