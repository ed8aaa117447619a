export declare const usage: string;
export declare class OptionError extends Error {}

/** What `npm start` was asked to do; paths are absolute. */
export interface StartOptions {
  help: boolean;
  /** Make one video and exit. */
  once: boolean;
  /** False: no video on the first start. */
  sample: boolean;
  port?: number;
  dataDir?: string;
  out?: string;
  image?: string;
  video?: string;
  audio?: string;
  audio2?: string;
  prompt?: string;
}

/** @throws OptionError when an option is unknown, malformed or does not go with the others. */
export declare function readOptions(args: readonly string[], folder: string): StartOptions;
