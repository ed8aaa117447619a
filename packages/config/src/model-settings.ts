import { IsNotEmpty, MaxLength } from 'class-validator';
import { Variable } from './variable.js';

const allowed = 'a model name of at most 200 characters, as an engine announces it';

/** The model of each kind when a request names none. */
export class ModelSettings {
  @Variable('MODEL_TALK', { allowed, fallback: 'preview' })
  @IsNotEmpty()
  @MaxLength(200)
  talk: string;

  @Variable('MODEL_LIPSYNC', { allowed, fallback: 'preview' })
  @IsNotEmpty()
  @MaxLength(200)
  lipsync: string;

  @Variable('MODEL_T2V', { allowed, fallback: 'preview' })
  @IsNotEmpty()
  @MaxLength(200)
  t2v: string;

  @Variable('MODEL_I2V', { allowed, fallback: 'preview' })
  @IsNotEmpty()
  @MaxLength(200)
  i2v: string;
}
