import type { EngineEvent } from '@polyreel/core';
import type { GenerateResponse, Progress } from './generated/polyreel/engine/v1/generation.js';
import { stages } from './wire-words.js';

const outputRoles = { result: 'result', mask: 'mask', poster: 'poster' } as const;

/**
 * Turns the messages of one call into events. Messages of a newer engine that
 * this version does not know are passed over, with all bytes of an unknown output.
 */
export class EventReader {
  #skipping = false;

  /** Undefined when the message says nothing to us. */
  read({ part }: GenerateResponse): EngineEvent | undefined {
    switch (part?.$case) {
      case 'accepted':
        return { type: 'accepted', effectiveParameters: part.accepted.effectiveParameters ?? {} };
      case 'progress':
        return readProgress(part.progress);
      case 'preview':
        return { type: 'preview', ...part.preview };
      case 'outputStart': {
        const { role, mediaType } = part.outputStart;
        this.#skipping = !isOutputRole(role);
        return isOutputRole(role) ? { type: 'output-start', role, mediaType } : undefined;
      }
      case 'outputChunk':
        return this.#skipping ? undefined : { type: 'output-chunk', data: part.outputChunk.data };
      case 'completed':
        return { type: 'completed', ...part.completed };
      case undefined:
        return undefined;
    }
  }
}

function isOutputRole(role: string): role is keyof typeof outputRoles {
  return Object.hasOwn(outputRoles, role);
}

function readProgress({ remainingSeconds, ...progress }: Progress): EngineEvent {
  return {
    type: 'progress',
    ...progress,
    stage: stages[progress.stage] ?? 'generating',
    // NaN or a value out of range must not reach the row.
    fraction: Math.min(1, Math.max(0, progress.fraction || 0)),
    ...(remainingSeconds === undefined ? {} : { remainingSeconds }),
  };
}
