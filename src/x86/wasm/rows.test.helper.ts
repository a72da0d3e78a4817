/** Every row of the instruction table on both engines: the same tests for both suites, small and large. */
import { Code, Mnemonic } from 'iced-x86';
import { afterAll, describe, expect, it } from 'vitest';
import { EXIT } from '../exit.js';
import { SLOT } from '../layout.js';
import type { Machine } from '../machine.js';
import type { Row } from '../row.js';
import { ENVIRONMENT_ROWS } from '../rows/environment.js';
import { INSTRUCTION_ROWS } from '../table.js';
import { codesOf, encodeForm, type EncodedForm } from '../testing/instruction-forms.js';
import { NATIVE } from '../testing/native-oracle.js';
import { type InitialState, randomState } from '../testing/random-state.js';
import { RandomValues } from '../testing/random-values.js';
import { hex, high, low } from '../testing/run-code.js';
import { BothEngines } from './both-engines.test.helper.js';

/** How much of it. */
export interface Amount {
  /** Random states for each instruction. */
  states: number;
  /** Random instances (registers, addressing, immediates) for each encoding. */
  instances: number;
  /** At most so many of them for each row, evenly chosen. */
  formsOfRow: number;
  /** Sequences of each kind. */
  sequences: number;
}

function set64(machine: Machine, slot: number, value: bigint): void {
  machine.state[2 * slot] = low(value);
  machine.state[2 * slot + 1] = high(value);
}

function load(machine: Machine, initial: InitialState, random: bigint): void {
  machine.reset();
  initial.gpr.forEach((value, r) => set64(machine, SLOT.GPR + r, value));
  initial.xmm.forEach((value, x) => set64(machine, SLOT.XMM + x, value));
  set64(machine, SLOT.MXCSR, random & 0xffffn);
  set64(machine, SLOT.X87_CW, random >> 48n);
  set64(machine, SLOT.RFLAGS, BigInt(initial.rflags) ^ (random & 0x200000000200n));
  set64(machine, SLOT.RIP, BigInt(NATIVE.code));
  machine.pokeBytes(BigInt(NATIVE.window), initial.memory);
}

/** Both machines with these instructions, one after the other; behind them, and where branches go, is an external. */
export function machinesWith(code: Uint8Array): BothEngines {
  return new BothEngines({ memoryBytes: 1 << 16, eventCapacity: 64 }).both((machine) => {
    machine.map(BigInt(NATIVE.code), 4096, { read: true, write: false, execute: true }, code);
    machine.map(BigInt(NATIVE.data), 8192, { read: true, write: true, execute: false });
    machine.addExternal(BigInt(NATIVE.code + code.length));
    machine.addExternal(BigInt(NATIVE.taken));
    machine.checkpoint();
  });
}

const exits = new Map<number, number>();

function compare(machines: BothEngines, initial: InitialState, extra: bigint, what: string): void {
  machines.both((machine) => load(machine, initial, extra));
  const exit = machines.run(100, what);
  exits.set(exit, (exits.get(exit) ?? 0) + 1);
}

function formsOf(row: Row, random: RandomValues, instances: number): EncodedForm[] {
  const forms: EncodedForm[] = [];
  for (const code of codesOf(row.mnemonic)) {
    for (let i = 0; i < 2 * instances; i++) {
      const form = encodeForm(code, random, i % 2 === 1);
      if (form === undefined || (i % 2 === 1 && !form.hasMemory)) continue;
      forms.push(form);
      if (/^(Movs|Stos|Lods|Cmps|Scas)[bwdq]$/.test(Mnemonic[row.mnemonic])) {
        for (const prefix of [0xf2, 0xf3]) forms.push({ ...form, bytes: Uint8Array.from([prefix, ...form.bytes]) });
      }
    }
  }
  // The generator of forms does not make two immediates.
  if (row.mnemonic === Mnemonic.Enter)
    forms.push({ ...NO_OPERANDS, code: Code.Enterq_imm16_imm8, bytes: hex('c8 18 00 00') });
  return forms;
}

const NO_OPERANDS = { base: -1, index: -1, scale: 1, displacement: 0, hasMemory: false, operandRegister: [] };

/** Points about half of the registers into the window, so that sequences with memory operands get on. */
function aimed(initial: InitialState, random: RandomValues): InitialState {
  const gpr = initial.gpr.map((value) => (random.chance(0.5) ? BigInt(NATIVE.window + random.below(240)) : value));
  gpr[4] = initial.gpr[4];
  return { ...initial, gpr };
}

/** Makes the tests of that amount. */
export function compareRows({ states, instances, formsOfRow, sequences }: Amount): void {
  describe('every row of the table: both engines end in the same state', () => {
    it.each(INSTRUCTION_ROWS.map((row) => [Mnemonic[row.mnemonic], row] as const))('%s', (name, row) => {
      const random = new RandomValues(`engines ${name}`);
      const all = formsOf(row, random, instances);
      expect(all.length).toBeGreaterThan(0);
      const step = Math.max(1, all.length / formsOfRow);
      const forms = Array.from({ length: Math.min(all.length, formsOfRow) }, (_, i) => all[Math.floor(i * step)]);
      for (const form of forms) {
        const machines = machinesWith(form.bytes);
        for (let i = 0; i < states; i++) {
          compare(
            machines,
            randomState(form, row.mnemonic, random),
            random.uniform64(),
            `${name} ${form.bytes.join(' ')}`,
          );
        }
        expect(machines.translated.translatedEntries).toBeGreaterThanOrEqual(states);
      }
    });

    it('sequences of instructions', () => {
      const random = new RandomValues('engines sequences');
      // An environment call ends the sequence: one of them is enough among so many.
      const ends = new Set(ENVIRONMENT_ROWS.slice(1));
      const rows = INSTRUCTION_ROWS.filter((row) => !ends.has(row)).map((row) => ({
        row,
        forms: formsOf(row, random, instances),
      }));
      for (let i = 0; i < sequences; i++) {
        const chosen = Array.from({ length: 2 + random.below(7) }, () => {
          const { row, forms } = random.pick(rows);
          return { row, form: random.pick(forms) };
        });
        const machines = machinesWith(Uint8Array.from(chosen.flatMap(({ form }) => [...form.bytes])));
        for (let j = 0; j < 6; j++) {
          const { form, row } = chosen[j % chosen.length];
          compare(
            machines,
            aimed(randomState(form, row.mnemonic, random), random),
            random.uniform64(),
            `sequence ${i}`,
          );
        }
      }
    });

    it('sequences of flag and register instructions, which nothing leaves', () => {
      const random = new RandomValues('engines plain sequences');
      const rows = INSTRUCTION_ROWS.map((row) => ({
        row,
        forms: formsOf(row, random, 6).filter(({ hasMemory }) => !hasMemory),
      })).filter(
        ({ row, forms }) =>
          forms.length > 0 && row.writes !== 0 && !/^(Popf|Sti|Cli|Div|Idiv)/.test(Mnemonic[row.mnemonic]),
      );
      for (let i = 0; i < sequences; i++) {
        const code = Array.from({ length: 20 }, () => [...random.pick(random.pick(rows).forms).bytes]).flat();
        const machines = machinesWith(Uint8Array.from(code));
        for (let j = 0; j < 3; j++) {
          const { form, row } = { form: random.pick(random.pick(rows).forms), row: random.pick(rows).row };
          compare(machines, randomState(form, row.mnemonic, random), random.uniform64(), `plain sequence ${i}`);
        }
      }
    });

    afterAll(() => {
      // The cases are no monoculture: they reach externals, environment calls and faults.
      expect(exits.get(EXIT.External) ?? 0).toBeGreaterThan(200 * states);
      expect(exits.get(EXIT.Environment) ?? 0).toBeGreaterThan(20 * states);
      expect(exits.get(EXIT.Fault) ?? 0).toBeGreaterThan(20 * states);
    });
  });
}
