/** Ctrl-C: the first one ends the run with what there is, the second one ends the process. */

/** Exit status of a run that the user interrupted. */
export const EXIT_INTERRUPTED = 130;

export interface Interrupt {
  /** Whether the user wants it to end. */
  stopped: () => boolean;
  /** Fulfilled when the user wants it to end. */
  interrupted: Promise<void>;
  /** Ctrl-C ends the process again. */
  release: () => void;
}

export function onInterrupt(): Interrupt {
  let stopped = false;
  let interrupt: () => void = () => undefined;
  const interrupted = new Promise<void>((resolve) => (interrupt = resolve));
  const handler = (): void => {
    if (stopped) process.exit(EXIT_INTERRUPTED);
    stopped = true;
    interrupt();
    process.stderr.write('\ntdxfuzz: stopping; press Ctrl-C again to end at once\n');
  };
  process.on('SIGINT', handler);
  process.on('SIGTERM', handler);
  return {
    stopped: () => stopped,
    interrupted,
    release: () => {
      process.off('SIGINT', handler);
      process.off('SIGTERM', handler);
    },
  };
}
