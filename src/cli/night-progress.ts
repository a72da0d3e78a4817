/** The progress of a night on stderr: one line that is written again for people, a line a minute elsewhere. */
import { SingleBar } from 'cli-progress';
import type { NightProgress } from '../campaign/night/night.js';
import { duration } from '../text/duration.js';

/** Milliseconds between two lines where nobody watches. */
const EVERY = 60_000;

export interface NightProgressBar {
  update: (progress: NightProgress) => void;
  /** A line that stays. */
  log: (line: string) => void;
  stop: () => void;
}

/** @param total milliseconds of the night */
export function startNightProgress(total: number, quiet: boolean): NightProgressBar {
  const write = (line: string): void => void process.stderr.write(`${line}\n`);
  if (quiet) return { update: () => undefined, log: write, stop: () => undefined };
  return process.stderr.isTTY ? watched(total, write) : unwatched(write);
}

function text({ cases, coverage, findings, left }: NightProgress, seconds: number): string {
  const speed = Math.round(cases / Math.max(0.001, seconds)).toLocaleString('en-US');
  const count = (value: number): string => value.toLocaleString('en-US');
  return `${count(cases)} cases, ${speed}/s, coverage ${count(coverage)}, ${findings} new findings, ${duration(left)} left`;
}

function watched(total: number, write: (line: string) => void): NightProgressBar {
  const bar = new SingleBar({
    format: '{bar} {text}',
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
    barsize: 20,
  });
  const started = Date.now();
  bar.start(total, 0, { text: 'starting' });
  return {
    update: (progress) => bar.update(total - progress.left, { text: text(progress, (Date.now() - started) / 1000) }),
    log(line) {
      // The bar is written again behind the line.
      process.stderr.write('\r\u001b[K');
      write(line);
    },
    stop: () => bar.stop(),
  };
}

function unwatched(write: (line: string) => void): NightProgressBar {
  const started = Date.now();
  let last = started;
  return {
    update(progress) {
      if (Date.now() - last < EVERY) return;
      last = Date.now();
      write(text(progress, (last - started) / 1000));
    },
    log: write,
    stop: () => undefined,
  };
}
