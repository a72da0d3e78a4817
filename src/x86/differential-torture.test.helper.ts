import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { highHalf, lowHalf, readHalves } from '../halves.js';
import { mapImage } from '../stage/map-image.js';
import { parseImage } from '../image/load.js';
import { EXIT } from './exit.js';
import { SLOT } from './layout.js';
import { type EngineName, Machine } from './machine.js';
import { RETURN, STACK } from './testing/run-code.js';
import { repositoryPath } from './testing/repository.js';

/** How the file is compiled. */
export interface Build {
  readonly compiler: 'gcc' | 'clang';
  readonly options: readonly string[];
}

const COMMON = ['-ffreestanding', '-fno-stack-protector', '-fno-asynchronous-unwind-tables', '-mcx16', '-w'];
/** Position-independent code with vector registers, and code as a kernel has it. */
const USER = ['-fPIE'];
const KERNEL = ['-mcmodel=kernel', '-fno-pie', '-mno-sse', '-mno-red-zone'];

/** What both compilers are asked for. */
export const BUILDS: readonly Build[] = (['gcc', 'clang'] as const).flatMap((compiler) => [
  ...['-O0', '-O2', '-Os'].flatMap((level) => [USER, KERNEL].map((kind) => ({ compiler, options: [level, ...kind] }))),
  { compiler, options: ['-O2', '-march=haswell', '-mgeneral-regs-only', ...USER] },
  { compiler, options: ['-O2', '-fcf-protection=full', ...USER] },
]);

/** Whether a compiler of that name is there. */
export function isPresent(compiler: string): boolean {
  return spawnSync(compiler, ['--version']).status === 0;
}

function run(command: string, args: readonly string[]): Buffer {
  const done = spawnSync(command, args, { maxBuffer: 1 << 26 });
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${done.stderr.toString().split('\n')[0]}`);
  return done.stdout;
}

/** Compiles the torture file once; the same object is linked for the CPU and loaded into the machine. */
export class Torture {
  private readonly object: string;
  private readonly driver: string;

  /** @param folder - a folder for the object and the executable; @throws Error if the compiler refuses */
  constructor({ compiler, options }: Build, folder: string) {
    this.object = join(folder, 'torture.o');
    this.driver = join(folder, 'driver');
    run(compiler, [...COMMON, ...options, '-c', repositoryPath('corpus/torture/torture.c'), '-o', this.object]);
    run(compiler, ['-O1', '-no-pie', '-o', this.driver, repositoryPath('corpus/torture/driver.c'), this.object]);
  }

  /** Results of the CPU: two words each. */
  native(first: number, count: number): Int32Array {
    const bytes = Uint8Array.from(run(this.driver, [String(first), String(count)]));
    return new Int32Array(bytes.buffer);
  }

  /** Runs cases on the machine. @returns what differs from `expected`, for people */
  differences(
    engine: EngineName,
    first: number,
    expected: Int32Array,
  ): { readonly problems: string[]; readonly instructions: number } {
    const machine = new Machine({ memoryBytes: 1 << 20, eventCapacity: 1 << 16, engine, hotRuns: 0 });
    const image = parseImage(readFileSync(this.object), 'torture.o');
    mapImage(machine, image);
    machine.map(STACK, STACK_BYTES, { read: true, write: true, execute: false });
    machine.addExternal(RETURN);
    machine.checkpoint();
    const address = (name: string): bigint => image.symbols.find((symbol) => symbol.name === name)!.address;
    const entry = address('torture');
    const count = Number(new DataView(machine.peekBytes(address('torture_count'), 8)!.buffer).getBigUint64(0, true));
    const problems: string[] = [];
    let instructions = 0;
    for (let i = 0; i < expected.length / 2 && problems.length < 5; i++) {
      const number = BigInt(first + i);
      const which = (first + i) % count;
      call(machine, entry, BigInt.asUintN(64, number * 0xd1342543de82ef95n), BigInt(which));
      const exit = machine.run(BUDGET);
      instructions += machine.instructionCount;
      const what = `case ${number} (function ${which})`;
      if (exit === EXIT.Unknown) problems.push(`${what}: ${machine.unknownText}`);
      else if (exit !== EXIT.External) problems.push(`${what}: exit ${exit} (${machine.exitDetail}) at ${at(machine)}`);
      else if (machine.state[0] !== expected[2 * i] || machine.state[1] !== expected[2 * i + 1])
        problems.push(
          `${what}: 0x${readHalves(machine.state, 0).toString(16)}, on the CPU 0x${readHalves(expected, 2 * i).toString(16)}`,
        );
    }
    if (engine === 'wasm' && machine.translatedEntries === 0) problems.push('no translated code was entered');
    return { problems, instructions };
  }
}

const STACK_BYTES = 1 << 16;
const BUDGET = 1_000_000;

function at(machine: Machine): string {
  return `0x${readHalves(machine.state, 2 * SLOT.RIP).toString(16)}`;
}

function call(machine: Machine, entry: bigint, seed: bigint, which: bigint): void {
  machine.reset();
  const stack = STACK + BigInt(STACK_BYTES) - 24n;
  for (const [slot, value] of [
    [SLOT.RIP, entry],
    [7, seed],
    [6, which],
    [4, stack],
    [SLOT.RFLAGS, 2n],
  ] as const) {
    machine.state[2 * slot] = lowHalf(value);
    machine.state[2 * slot + 1] = highHalf(value);
  }
  machine.poke64(lowHalf(stack), highHalf(stack), lowHalf(RETURN), highHalf(RETURN));
}
