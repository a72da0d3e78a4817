/** An answer to TDCALL or SEAMCALL as registers, in flat words; by name for whoever asks so. */
import type { Values } from '../../models/exchange/exchange.js';
import { joinHalves, readHalves, writeHalves } from '../halves.js';
import { Layout, makeRoom, type NamedWords } from '../named-words.js';
import { REGISTER_INDEX, REGISTER_NAMES, type RegisterName } from '../x86/registers.js';

/** In hardware order. */
const REGISTERS = new Layout(REGISTER_NAMES);

export class RegisterAnswer {
  /** Registers that the answer names, one bit each. */
  given = 0;
  statusLow = 0;
  statusHigh = 0;
  private readonly registers: NamedWords = makeRoom(REGISTERS);

  /** @param order in which the registers are named to people */
  constructor(private readonly order: readonly RegisterName[]) {}

  /** Two halves a register, in hardware order. */
  get words(): Int32Array {
    return this.registers.words;
  }
  /** Index of the first half. */
  get at(): number {
    return this.registers.at;
  }

  give(register: number, low: number, high: number): void {
    const { words, at } = this.registers;
    words[at + 2 * register] = low;
    words[at + 2 * register + 1] = high;
    this.given |= 1 << register;
  }

  giveValue(register: number, value: bigint): void {
    const { words, at } = this.registers;
    writeHalves(words, at + 2 * register, value);
    this.given |= 1 << register;
  }

  get status(): bigint {
    return joinHalves(this.statusLow, this.statusHigh);
  }

  register(register: number): bigint | undefined {
    const { words, at } = this.registers;
    return ((this.given >>> register) & 1) === 0 ? undefined : readHalves(words, at + 2 * register);
  }

  /** As references and people read it: the names are not properties of its own. */
  get values(): Values {
    return this as unknown as Values;
  }

  /** `status`, and the registers in their order. */
  record(): Values {
    const values: Record<string, bigint> = { status: this.status };
    for (const name of this.order) {
      const value = this.register(REGISTER_INDEX[name]);
      if (value !== undefined) values[name] = value;
    }
    return values;
  }
}

for (const name of REGISTER_NAMES)
  Object.defineProperty(RegisterAnswer.prototype, name, {
    get(this: RegisterAnswer) {
      return this.register(REGISTER_INDEX[name]);
    },
  });

/** An answer as plain values, whatever it was made of. */
export function plainAnswer(answer: Values): Values {
  const made: object = answer;
  return made instanceof RegisterAnswer ? made.record() : answer;
}
