/** The large version of what `hostile-code.test.ts` has in small. */
import { runRandomStrings } from './random-strings.test.helper.js';

runRandomStrings(10_000);
