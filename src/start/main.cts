#!/usr/bin/env node
/** What `tdxfuzz` starts: the bundle of the command line (src/build/bundle.ts), without its compiling where that was done before. */
import cache = require('./code-cache.cjs');

const [, , command = ''] = process.argv;
cache.load('main', /^[a-z]+$/.test(command) ? command : 'other');
