/** The large version of what `programs.deep.test.ts` has in small. */
import { runRandomCode } from './random-code.test.helper.js';

runRandomCode(400);
