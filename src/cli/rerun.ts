/** The command line that gives the same result again: what the user typed, with the seed and the number of cases that it came to. */
import { toolLine } from './origin.js';

/** Options with a value that say how many cases, from which seed. */
const HOW_MANY = new Set(['--seed', '--runs', '--program-runs', '--time']);

/**
 * @param words the user's, behind the name of the tool
 * @param settled options in their place
 */
export function rerunLine(words: readonly string[], settled: Readonly<Record<string, string | number>>): string {
  const kept: string[] = [];
  for (let index = 0; index < words.length; index++) {
    // Behind `--` there are no options.
    if (words[index] === '--') {
      kept.push(...words.slice(index));
      break;
    }
    const [name] = words[index].split('=');
    if (!HOW_MANY.has(name)) kept.push(words[index]);
    else if (name === words[index]) index++;
  }
  const end = kept.indexOf('--');
  const options = Object.entries(settled).flatMap(([name, value]) => [name, String(value)]);
  kept.splice(end < 0 ? kept.length : end, 0, ...options);
  return toolLine(kept);
}
