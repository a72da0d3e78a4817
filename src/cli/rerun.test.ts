import { describe, expect, it } from 'vitest';
import { rerunLine } from './rerun.js';

const again = (...words: string[]): string =>
  rerunLine(words, { '--seed': 'a b', '--runs': 50 }).replace(/^.*? -- /, '');

describe('the command line that gives the same result again', () => {
  it.each([
    [['fuzz'], "fuzz --seed 'a b' --runs 50"],
    [['fuzz', 'my file.o', '--time', '30s'], "fuzz 'my file.o' --seed 'a b' --runs 50"],
    [['fuzz', '--time=30s', '--seed=x', 'x.o', '--workers', '2'], "fuzz x.o --workers 2 --seed 'a b' --runs 50"],
    [['fuzz', '--seed', '--runs', '--runs', '7'], "fuzz --seed 'a b' --runs 50"],
    [['fuzz', '--', '--runs'], "fuzz --seed 'a b' --runs 50 -- --runs"],
    [['fuzz', '--target', '$(x)=a/b'], "fuzz --target '$(x)=a/b' --seed 'a b' --runs 50"],
  ])('of %j', (words, expected) => expect(again(...words)).toBe(expected));
});
