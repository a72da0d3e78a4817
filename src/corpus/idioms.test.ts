import { judgeIdioms } from './idioms.test.helper.js';

// A sample; idioms.deep.test.ts has them all.
judgeIdioms(2000, 4);
