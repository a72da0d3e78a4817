import { judgeIdioms } from './idioms.test.helper.js';

judgeIdioms(2000);
