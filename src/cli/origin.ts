/** Where and how this process runs: host, command line, commit. */
import { execFileSync } from 'node:child_process';
import { hostname } from 'node:os';
import { LONGEST_COMMAND, type Origin, originSchema } from '../campaign/records/origin.js';
import { packageRoot } from '../package-info.js';
import { shellQuote } from '../text/shell-quote.js';

/** Milliseconds that git may take to say which commit is checked out. */
const PATIENCE = 2000;

/** `tdxfuzz WORDS` as the user types it here; in the tool's own checkout it is a script of npm. */
export function toolLine(words: readonly string[]): string {
  const tool = process.cwd() === packageRoot() ? 'npm run -s tdxfuzz --' : 'tdxfuzz';
  return [tool, ...words.map(shellQuote)].join(' ');
}

export function originOfProcess(): Origin {
  const commit = commitHere();
  const command = toolLine(process.argv.slice(2));
  return originSchema.parse({
    host: hostname().slice(0, 255),
    command: command.length > LONGEST_COMMAND ? `${command.slice(0, LONGEST_COMMAND)} ...` : command,
    ...(commit !== undefined && { commit }),
  });
}

/** Undefined where there is no git, no repository, or no commit in it yet. */
function commitHere(): string | undefined {
  try {
    const found = execFileSync('git', ['rev-parse', '--verify', '--quiet', 'HEAD'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: PATIENCE,
    }).trim();
    return /^[0-9a-f]{40,64}$/.test(found) ? found : undefined;
  } catch {
    return undefined;
  }
}
