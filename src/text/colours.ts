import picocolors from 'picocolors';

/**
 * Colours for people, plain text for pipes: a terminal gets colour unless NO_COLOR or TERM=dumb says otherwise, and
 * FORCE_COLOR forces it. (picocolors' own choice colours every pipe where CI is set.)
 */
function wanted({ NO_COLOR, FORCE_COLOR, TERM }: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '' && FORCE_COLOR !== '0') return true;
  return isTerminal && TERM !== 'dumb';
}

export const colours = picocolors.createColors(wanted(process.env, process.stdout.isTTY === true));
