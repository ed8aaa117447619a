import './node-version.mjs';
import { failed } from './failure.mjs';
import { setUp } from './installer.mjs';

await setUp({ forTests: process.argv.includes('--tests') }).catch(failed);
