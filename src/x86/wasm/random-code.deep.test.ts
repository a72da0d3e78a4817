/** The large version of what `programs.test.ts` has in small. */
import { runRandomCode } from './random-code.test.helper.js';

runRandomCode(400);
