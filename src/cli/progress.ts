/** The progress of a run on stderr: a bar for people, a line a minute elsewhere, nothing with --quiet. */
import { SingleBar } from 'cli-progress';
import type { FuzzProgress } from '../campaign/fuzz.js';
import { duration } from '../text/duration.js';

export interface Progress {
  update(done: number): void;
  /** The same of a run over several targets. */
  run: (done: number, progress: FuzzProgress) => void;
  stop(): void;
}

/** Milliseconds between two lines where nobody watches. */
const EVERY = 60_000;

/**
 * @param total 0 if it is not known: then a running count is shown
 * @param targets that are run, where there are any
 */
export function startProgress(total: number, unit: string, quiet: boolean, targets = 0): Progress {
  if (quiet) return { update: () => undefined, run: () => undefined, stop: () => undefined };
  const shown = process.stderr.isTTY ? watched(total, unit) : unwatched(total, unit);
  return {
    update: (done) => shown.update(done, ''),
    run: (cases, { targets: ready, violations }) =>
      shown.update(
        cases,
        [...(total > 0 && targets > 0 ? [`${ready}/${targets} targets`] : []), plural(violations)].join('  '),
      ),
    stop: shown.stop,
  };
}

const plural = (violations: number): string => `${violations} violation${violations === 1 ? '' : 's'}`;

interface Shown {
  /** @param more what else there is to say */
  update: (done: number, more: string) => void;
  stop: () => void;
}

function watched(total: number, unit: string): Shown {
  const format =
    total > 0
      ? `{bar} {percentage}%  {value}/{total} ${unit}  {speed} ${unit}/s  {more}  {eta_formatted} left`
      : `{value} ${unit}  {speed} ${unit}/s  {more}  {duration_formatted}`;
  const bar = new SingleBar({
    format,
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
    etaBuffer: 50,
    barsize: 20,
  });
  const started = Date.now();
  bar.start(total, 0, { speed: '-', more: '' });
  return {
    update: (done, more) => bar.update(done, { speed: Math.round(done / secondsSince(started)), more }),
    stop: () => bar.stop(),
  };
}

function unwatched(total: number, unit: string): Shown {
  const started = Date.now();
  let last = started;
  return {
    update(done, more) {
      if (Date.now() - last < EVERY) return;
      last = Date.now();
      const speed = done / secondsSince(started);
      const count = (value: number): string => Math.round(value).toLocaleString('en-US');
      const parts = [
        `${count(done)}${total > 0 ? ` of ${count(total)}` : ''} ${unit}`,
        `${count(speed)} ${unit}/s`,
        ...(more === '' ? [] : [more.replaceAll('  ', ', ')]),
        total > 0 && speed > 0
          ? `${duration(Math.max(0, ((total - done) / speed) * 1000))} left`
          : duration(last - started),
      ];
      process.stderr.write(`${parts.join(', ')}\n`);
    },
    stop: () => undefined,
  };
}

const secondsSince = (started: number): number => Math.max(0.001, (Date.now() - started) / 1000);
