import type { InputRole } from './asset.js';
import { TaskError } from './task-error.js';
import type { TaskKind } from './task-kind.js';
import type { MediaExpectation } from '../ports/media-intake.js';

/** What each kind takes: the media a role may be, and which roles satisfy it. */
interface KindInputs {
  readonly roles: Partial<Record<InputRole, MediaExpectation>>;
  /** Each entry is a list of alternatives, of which one must be given. */
  readonly required: readonly (readonly InputRole[])[];
  readonly missing: string;
}

const inputsOfKind: Record<TaskKind, KindInputs> = {
  talk: {
    roles: {
      image: 'reference',
      video: 'reference',
      audio: 'audio',
      audio2: 'audio',
      mask: 'image',
      mask2: 'image',
    },
    required: [['image', 'video'], ['audio']],
    missing: 'A talking video needs an image or a video, and an audio.',
  },
  lipsync: {
    roles: { video: 'video', audio: 'audio' },
    required: [['video'], ['audio']],
    missing: 'A lip-sync needs a video and an audio.',
  },
  t2v: { roles: {}, required: [], missing: '' },
  i2v: {
    roles: { image: 'image', last_image: 'image' },
    required: [['image']],
    missing: 'Image to video needs an image.',
  },
};

/** What the bytes of this role must be, or undefined when the kind does not take the role. */
export function expectationOf(kind: TaskKind, role: InputRole): MediaExpectation | undefined {
  return inputsOfKind[kind].roles[role];
}

/** @throws TaskError INVALID_INPUT naming what is missing, superfluous or given twice */
export function checkInputRoles(kind: TaskKind, roles: readonly InputRole[]): void {
  const rules = inputsOfKind[kind];
  const refused = roles.find((role) => rules.roles[role] === undefined);
  if (refused)
    throw new TaskError('INVALID_INPUT', `This kind of task takes no ${refused.replace('_', ' ')}.`);
  const twice = roles.find((role, index) => roles.indexOf(role) !== index);
  if (twice) throw new TaskError('INVALID_INPUT', `The ${twice} was given more than once; give exactly one.`);
  for (const alternatives of rules.required) {
    const given = alternatives.filter((role) => roles.includes(role)).length;
    if (given === 0) throw new TaskError('INVALID_INPUT', rules.missing);
    if (given > 1)
      throw new TaskError('INVALID_INPUT', `Give only one of ${alternatives.join(' and ')}, not both.`);
  }
}

/** The role by content: a talking video's reference image may turn out to be a video, and the reverse. */
export function roleByContent(role: InputRole, mediaType: string): InputRole {
  if (role === 'image' && mediaType.startsWith('video/')) return 'video';
  if (role === 'video' && mediaType.startsWith('image/')) return 'image';
  return role;
}
