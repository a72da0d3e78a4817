/** A progress bar on stderr for people; nothing for pipes and with --quiet. */
import { SingleBar } from 'cli-progress';

export interface Progress {
  update(done: number, payload?: Record<string, string | number>): void;
  stop(): void;
}

/** @param total 0 if it is not known: then a running count is shown */
export function startProgress(total: number, unit: string, quiet: boolean): Progress {
  if (quiet || !process.stderr.isTTY) return { update: () => undefined, stop: () => undefined };
  const format =
    total > 0
      ? `{bar} {percentage}%  {value}/{total} ${unit}  {speed} ${unit}/s  {eta_formatted} left`
      : `{value} ${unit}  {speed} ${unit}/s  {duration_formatted}`;
  const bar = new SingleBar({
    format,
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
    etaBuffer: 50,
    barsize: 30,
  });
  const started = Date.now();
  bar.start(total, 0, { speed: '-' });
  return {
    update: (done, payload) =>
      bar.update(done, { speed: Math.round(done / Math.max(0.001, (Date.now() - started) / 1000)), ...payload }),
    stop: () => bar.stop(),
  };
}
