/** Ctrl-C: the first one ends the run with what there is, the second one ends the process. */

/** Exit status of a run that the user interrupted. */
export const EXIT_INTERRUPTED = 130;

/** @returns a question to ask: does the user want it to end? and how to stop asking */
export function onInterrupt(): { stopped: () => boolean; release: () => void } {
  let stopped = false;
  const handler = (): void => {
    if (stopped) process.exit(EXIT_INTERRUPTED);
    stopped = true;
    process.stderr.write('\ntdxfuzz: stopping; press Ctrl-C again to end at once\n');
  };
  process.on('SIGINT', handler);
  process.on('SIGTERM', handler);
  return {
    stopped: () => stopped,
    release: () => {
      process.off('SIGINT', handler);
      process.off('SIGTERM', handler);
    },
  };
}
