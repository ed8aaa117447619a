import type { Dialect } from '../http/dialect.js';
import { lightx2v } from './lightx2v/lightx2v.module.js';

/** Every dialect this API speaks. */
export const dialects: readonly Dialect[] = [lightx2v];
