/** What every rule of an audit needs: the function, its runs, and somebody to tell. */
import type { Image } from '../image/image.js';
import { readHalves } from '../halves.js';
import type { DecodedInstruction } from '../x86/decode.js';
import { GIVEN_BY, givenBy, placeAddress } from './argument-space.js';
import type { AuditStage } from './audit-stage.js';
import type { Calling } from './calling.js';
import type { Draw } from './draw.js';
import type { AuditFinding } from './finding.js';
import type { AuditRunner, Call, Run } from './run.js';
import type { Variation } from './variation.js';
import type { Site } from './site.js';

/** Runs after which it is taken for sure that a register is not the caller's. */
const ENOUGH = 8;

export class Scene {
  /** Whether a register at a call is the caller's after all, by site and register. */
  private readonly callers = new Set<string>();
  /** How often it was seen that it is not. */
  private readonly own = new Map<string, number>();

  constructor(
    readonly runner: AuditRunner,
    readonly entry: bigint,
    readonly siteOf: (call: Call) => Site,
    readonly report: (finding: AuditFinding) => void,
  ) {}

  get stage(): AuditStage {
    return this.runner.stage;
  }

  get image(): Image {
    return this.stage.image;
  }

  get calling(): Calling {
    return this.runner.calling;
  }

  again(draw: Draw, variation: Variation = {}): Run {
    return this.runner.run(this.entry, draw, variation);
  }

  /** The addresses of all instructions of a run, in order. */
  steps(draw: Draw, variation: Variation = {}): readonly bigint[] {
    return this.runner.run(this.entry, draw, variation, true).steps ?? [];
  }

  instruction(address: bigint): DecodedInstruction | undefined {
    return this.stage.machine.instructionAt(
      Number(BigInt.asIntN(32, address)),
      Number(BigInt.asIntN(32, address >> 32n)),
    );
  }

  /** The last of the first `end` steps that may have written a register. */
  writer(steps: readonly bigint[], end: number, register: number): bigint | undefined {
    for (let step = Math.min(end, steps.length) - 1; step >= 0; step--) {
      const instruction = this.instruction(steps[step]);
      if (instruction === undefined) continue;
      if (((instruction.writesRegisters >>> register) & 1) !== 0) return steps[step];
    }
    return undefined;
  }

  /** Index in the steps of a run of its nth call. */
  stepOf(steps: readonly bigint[], run: Run, call: number): number {
    let seen = -1;
    for (let index = 0; index < call; index++) seen = steps.indexOf(run.calls[index].address, seen + 1);
    return steps.indexOf(run.calls[call].address, seen + 1);
  }

  /**
   * Whether a register at a call is the function's to choose. A number that the caller passes may look like one of the
   * code: so each number that was passed is replaced by another value, and the register must stay as it is.
   */
  isOwn(run: Run, index: number, register: number): boolean {
    const call = run.calls[index];
    const site = this.siteOf(call);
    const key = `${call.address} ${register}`;
    if (site.isGiven(register) || this.callers.has(key)) return false;
    const times = this.own.get(key) ?? 0;
    if (times >= ENOUGH) return true;
    this.own.set(key, times + 1);
    const value = readHalves(call.registers, 2 * register);
    const { draw } = run;
    const fresh = placeAddress(GIVEN_BY.caller, 40, 0x4242);
    const replaced = (list: readonly bigint[], at: number): bigint[] => list.map((old, i) => (i === at ? fresh : old));
    const others: Draw[] = [
      ...draw.parameters.flatMap((old, at) =>
        givenBy(old) === undefined ? [{ ...draw, parameters: replaced(draw.parameters, at) }] : [],
      ),
      ...draw.stack.flatMap((old, at) =>
        givenBy(old) === undefined ? [{ ...draw, stack: replaced(draw.stack, at) }] : [],
      ),
      ...draw.words.map((word) => ({
        ...draw,
        words: draw.words.map((old) => (old.address === word.address ? { ...old, value: fresh } : old)),
      })),
      // Memory that the caller gave holds numbers too: everything in it is a pointer then.
      { ...draw, parameters: draw.parameters.map(toPointers), stack: draw.stack.map(toPointers) },
    ];
    for (const other of others) {
      const call2 = this.again(other).calls[index];
      if (call2 === undefined || call2.address !== call.address) continue;
      if (readHalves(call2.registers, 2 * register) === value) continue;
      this.callers.add(key);
      return false;
    }
    return true;
  }
}

/** The same place in a window that holds nothing but pointers. */
function toPointers(value: bigint): bigint {
  return givenBy(value) === undefined ? value : value & ~0x7000000n;
}
