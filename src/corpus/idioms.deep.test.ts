import { judgeIdioms } from './idioms.test.helper.js';

judgeIdioms(200_000);
