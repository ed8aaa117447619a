import type { InputRole } from '../model/asset.js';
import type { MediaSource, ReceivedMedia } from '../ports/media-intake.js';
import type { TaskToCreate } from '../ports/task-store.js';

/** An input of a submission: bytes already received, bytes or URL still to be received, or an object of ours. */
export type SubmittedInput =
  | { readonly role: InputRole; readonly media: ReceivedMedia }
  | { readonly role: InputRole; readonly source: MediaSource }
  | { readonly role: InputRole; readonly objectKey: string };

/** What a dialect's `inbound` makes of a request. An id the client chose also stands in `request`. */
export type Submission = Omit<TaskToCreate, 'id' | 'assets' | 'maxAttempts'> & {
  readonly inputs: readonly SubmittedInput[];
  /** The seed was drawn by chance because the client named none; a repeated request draws another one. */
  readonly seedDrawn?: boolean;
};
