/** What a worker thread starts. It is ended, not left, and so keeps nothing: what it needs `fuzz` has compiled. */
import cache = require('./code-cache.cjs');

cache.load('worker', 'fuzz');
