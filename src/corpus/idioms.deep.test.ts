import { judgeIdioms } from './idioms.test.helper.js';

judgeIdioms(20_000);
