/** Every helper, as a program. */
import type { Program } from '../../play/program.js';
import { EXCEPTIONS } from './exceptions.js';
import { HALTS } from './halt.js';
import { helperProgram } from './helper.js';
import { HYPERCALLS } from './hypercall.js';
import { MEMORY } from './memory.js';
import { MORE_HYPERCALLS } from './more-hypercalls.js';
import { PARTS } from './parts.js';
import { PORT_IO } from './port-io.js';
import { LAST_WORDS } from './report.js';

export const HELPER_PROGRAMS: readonly Program[] = [
  ...HYPERCALLS,
  ...PORT_IO,
  ...EXCEPTIONS,
  ...HALTS,
  ...MEMORY,
  ...LAST_WORDS,
  ...PARTS,
  ...MORE_HYPERCALLS,
].map((helper) => helperProgram(helper));
