import { Inject, Injectable } from '@nestjs/common';
import { ApiSettings } from '@polyreel/config';
import { TaskError, type InputRole, type SubmittedInput } from '@polyreel/core';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';

const sampleFiles = {
  portrait: 'portrait.jpg',
  speech: 'speech.wav',
  'portrait-video': 'portrait.mp4',
} as const;
export type SampleName = keyof typeof sampleFiles;

/** The bundled sample media, for dialects whose documents promise defaults. */
@Injectable()
export class Samples {
  constructor(@Inject(ApiSettings) private readonly settings: ApiSettings) {}

  /** @throws TaskError INVALID_INPUT when this server offers no samples */
  input(role: InputRole, name: SampleName): SubmittedInput {
    const folder = this.settings.samplesDir;
    if (!folder)
      throw new TaskError('INVALID_INPUT', `The ${role} is missing, and this server offers no samples.`);
    const fileName = sampleFiles[name];
    return { role, source: { type: 'stream', content: contentOf(join(folder, fileName)), fileName } };
  }
}

/** Opens the file when it is read, so that a submission refused before that leaves no file open. */
async function* contentOf(path: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(path) as AsyncIterable<Uint8Array>;
}
