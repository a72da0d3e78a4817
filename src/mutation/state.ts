/** What a run of the mutants that was stopped has found so far: a line of JSON for each byte, so that the next goes on. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ByteOutcomes } from './survey.js';

interface Line {
  /** What the outcomes hold for: the tool as it was built, the code, the contract. */
  key: string;
  target: string;
  offset: number;
  outcomes: ByteOutcomes;
}

export class MutantState {
  private readonly known = new Map<string, ByteOutcomes>();

  /** Lines of another key, and one that was torn by a kill, count as not there. */
  constructor(private readonly path: string) {
    if (!existsSync(path)) return;
    for (const text of readFileSync(path, 'utf8').split('\n')) {
      const line = parse(text);
      if (line !== undefined) this.known.set(nameOf(line.key, line.target, line.offset), line.outcomes);
    }
  }

  get(key: string, target: string, offset: number): ByteOutcomes | undefined {
    return this.known.get(nameOf(key, target, offset));
  }

  add(key: string, target: string, offset: number, outcomes: ByteOutcomes): void {
    mkdirSync(dirname(this.path), { recursive: true });
    // It begins with a newline, so that a torn line before it does not take it along.
    appendFileSync(this.path, `\n${JSON.stringify({ key, target, offset, outcomes } satisfies Line)}`);
    this.known.set(nameOf(key, target, offset), outcomes);
  }

  /** The run is done. */
  clear(): void {
    rmSync(this.path, { force: true });
  }
}

function nameOf(key: string, target: string, offset: number): string {
  return `${key} ${target} ${offset}`;
}

function parse(text: string): Line | undefined {
  try {
    const line = JSON.parse(text) as Partial<Line> | null;
    const whole = line?.key !== undefined && line.target !== undefined && line.outcomes?.length === 8;
    return whole && line.offset !== undefined ? (line as Line) : undefined;
  } catch {
    return undefined;
  }
}
