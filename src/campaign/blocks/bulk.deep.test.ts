/** Every broken twin in bulk and one by one; `bulk.test.ts` has a few of them, and the sound stubs. */
import { twinTargets } from '../../finding/twins.test.helper.js';
import { runsInBulk, twinsInBulk } from './bulk.test.helper.js';

const TWINS = twinTargets();

twinsInBulk(TWINS);
runsInBulk(TWINS);
