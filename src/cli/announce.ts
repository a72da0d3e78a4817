/** `--announce FILE`: what a night finds, as JSON lines, each written when it is on the disk: for whoever wants to be told at once. */
import { closeSync, openSync, writeSync } from 'node:fs';
import type { NightEvent } from '../campaign/night/night.js';
import type { RunResult } from '../campaign/records/result.js';
import { UsageError } from '../errors.js';
import { escapeName, shorten } from '../text/escape.js';

const SCHEMA = 'tdxfuzz/announce/1';

export interface Announcer {
  begin: (about: { state: string; resumed: boolean; targets: number }) => void;
  /** @param path of the finding's case */
  event: (event: NightEvent, path?: string) => void;
  end: (run: RunResult['run'], cases: number, status: number) => void;
  close: () => void;
}

/** What nobody asked for. */
const SILENT: Announcer = {
  begin: () => undefined,
  event: () => undefined,
  end: () => undefined,
  close: () => undefined,
};

/**
 * Lines are appended. Where they cannot be written later on, that is said once and the night goes on.
 *
 * @param path undefined: nobody is told
 * @throws UsageError if it cannot be written now
 */
export function openAnnouncer(path: string | undefined): Announcer {
  if (path === undefined) return SILENT;
  const descriptor = opened(path);
  let isBroken = false;
  const put = (event: string, about: object): void => {
    if (isBroken) return;
    const line = { schema: SCHEMA, event, at: new Date().toISOString(), ...about };
    try {
      writeSync(descriptor, `${JSON.stringify(line)}\n`);
    } catch (error) {
      isBroken = true;
      const { code = 'error' } = error as NodeJS.ErrnoException;
      process.stderr.write(`tdxfuzz: --announce ${shorten(path)}: cannot be written (${code}); the night goes on\n`);
    }
  };
  return {
    begin: (about) => put('begin', about),
    event(event, file) {
      if (event.kind !== 'finding' && event.kind !== 'gone') return;
      const { property, slot, place } = event.finding;
      const located = { target: escapeName(event.target), property, slot, place: escapeName(place) };
      if (event.kind === 'gone') put('gone', located);
      else {
        const { expected, actual, source } = event.finding;
        put('finding', {
          ...located,
          isNew: !event.isFormer,
          expected: escapeName(expected),
          found: escapeName(actual),
          ...(source !== undefined && { source: { file: escapeName(source.file), line: source.line } }),
          case: file,
        });
      }
    },
    end({ night, interrupted }, cases, status) {
      const [fresh, still, gone] = [night?.fresh, night?.still, night?.gone].map((list) => list?.length ?? 0);
      put('end', { interrupted, cases, fresh, still, gone, status });
    },
    close: () => closeSync(descriptor),
  };
}

function opened(path: string): number {
  try {
    return openSync(path, 'a');
  } catch (error) {
    const { code = 'error' } = error as NodeJS.ErrnoException;
    throw new UsageError(`--announce ${shorten(path)}: cannot be written (${code}); name a file, or /dev/stderr`);
  }
}
