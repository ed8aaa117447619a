// Reads the options of `npm start`. Plain JavaScript, because wrong ones are refused before anything is installed.
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

export const usage = `Usage: npm start -- [options]

  --once           make one video and exit; exit code 0 only when it succeeded
  --image FILE     picture to animate; alone: a moving picture, with --audio: a talking one
  --video FILE     video of a speaker who gets new words; needs --audio
  --audio FILE     speech; needs --image or --video
  --audio2 FILE    speech of a second person in the picture; needs --audio
  --prompt TEXT    what the video shows; alone: a video from text
  --out FILE       where to save the video (default: <data-dir>/sample.mp4)
  --port N         port of the API (default: 8080; 0 = any free one)
  --data-dir DIR   where data and logs are kept (default: .polyreel)
  --no-sample      do not make a video on the first start (with ENGINES none is made unless asked for)
  --help           show this text

Several instances run side by side with different --port and --data-dir.
DATABASE_URL, REDIS_URL, S3_* and ENGINES replace the embedded parts; see .env.example.
`;

/** Wrong options; the message is meant for the terminal. */
export class OptionError extends Error {}

const text = { type: 'string' };
const flag = { type: 'boolean', default: false };
const shape = {
  once: flag,
  image: text,
  video: text,
  audio: text,
  audio2: text,
  prompt: text,
  out: text,
  port: text,
  'data-dir': text,
  'no-sample': flag,
  help: { ...flag, short: 'h' },
};

/** Files and folders are taken relative to `folder`. Throws OptionError. */
export function readOptions(args, folder) {
  let values;
  try {
    ({ values } = parseArgs({ args, options: shape, allowPositionals: false }));
  } catch (error) {
    throw new OptionError(error.message.split('. ')[0]);
  }
  const path = (name) => (values[name] === undefined ? undefined : resolve(folder, values[name]));
  const options = {
    help: values.help,
    once: values.once,
    sample: !values['no-sample'],
    port: portNumber(values.port),
    dataDir: path('data-dir'),
    out: path('out'),
    image: path('image'),
    video: path('video'),
    audio: path('audio'),
    audio2: path('audio2'),
    prompt: values.prompt,
  };
  if (!options.help) check(options);
  return options;
}

function portNumber(value) {
  if (value === undefined) return undefined;
  if (!/^\d{1,5}$/.test(value) || Number(value) > 65535) {
    throw new OptionError(`--port must be a number from 0 to 65535, not "${value}"`);
  }
  return Number(value);
}

function check(options) {
  const { image, video, audio, audio2, prompt, once, sample, out } = options;
  const refuse = (condition, message) => {
    if (condition) throw new OptionError(message);
  };
  refuse(image && video, 'give either --image or --video, not both');
  refuse(audio && !image && !video, '--audio needs --image or --video');
  refuse(video && !audio, '--video needs --audio');
  refuse(audio2 && !audio, '--audio2 needs --audio');
  refuse(prompt !== undefined && prompt.trim() === '', '--prompt must not be empty');
  const own = image || video || audio || prompt !== undefined;
  refuse(
    !sample && !own && (once || out),
    '--no-sample leaves nothing to make; give --image, --audio or --prompt',
  );
  for (const name of ['image', 'video', 'audio', 'audio2']) {
    const file = options[name];
    refuse(
      file && !statSync(file, { throwIfNoEntry: false })?.isFile(),
      `--${name}: there is no file ${file}`,
    );
  }
}
