#!/usr/bin/env node
/** What `tdxfuzz` starts: the bundle of the command line (src/build/bundle.ts), without its compiling where that was done before. */
import cache = require('./code-cache.cjs');

const [, , command = ''] = process.argv;
try {
  cache.load('main', /^[a-z]+$/.test(command) ? command : 'other');
} catch (error) {
  process.stderr.write(`tdxfuzz: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 3;
}
