import { compareRows } from './rows.test.helper.js';

/** Random states for each instruction; TDXFUZZ_STATES raises it for a long run. */
const states = Number(process.env.TDXFUZZ_STATES ?? 5);

compareRows({ states, instances: 2, formsOfRow: Infinity, sequences: 300 });
