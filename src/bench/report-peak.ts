/** Loaded into a process by `node --import` (command-line.ts): tells its peak memory when it ends. */
import { writeFileSync } from 'node:fs';

/** The variable that names the file for the answer: the peak resident set in KiB. */
const VARIABLE = 'TDXFUZZ_BENCH_PEAK';

const path = process.env[VARIABLE];
if (path !== undefined) process.on('exit', () => writeFileSync(path, String(process.resourceUsage().maxRSS)));
