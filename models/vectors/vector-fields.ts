import { GPR, GPR_COUNT, GPR_NAMES, XMM_COUNT } from '../abi/registers.js';
import { VectorFileError, isObject, type VectorRecord } from './vector-file.js';

/** The registers of a vector, in hardware order; RSP is not recorded. */
export const RECORDED_GPRS = GPR_NAMES.filter((name) => name !== 'RSP');

/** A field of a record that differs from the model, values as text (hexadecimal for registers). */
export interface VectorMismatch {
  readonly line: number;
  /** `guest_out.rax`, `host_xmm_out[3]`, `outcome`... */
  readonly field: string;
  readonly expected: string;
  readonly actual: string;
}

/**
 * One record being checked: takes its inputs out as arrays, and compares its outputs with what the model computed.
 * "expected" is what the module recorded, "actual" what the model says.
 *
 * Every method that takes a field throws VectorFileError if the record lacks it or holds something else there.
 */
export class VectorFields {
  readonly mismatches: VectorMismatch[] = [];
  compared = 0;
  takenAsInput = 0;
  /** The rules of the model that this record stands on. */
  readonly rules: string[] = [];

  constructor(
    private readonly record: VectorRecord,
    private readonly source: string,
  ) {}

  /** Notes a rule of the model that decided this record. */
  stand(rule: string): void {
    this.rules.push(rule);
  }

  has(field: string): boolean {
    return Object.hasOwn(this.record.value, field);
  }

  /** A whole number written as a JSON number or as `0x` text, 0 to 2^32-1. */
  number(field: string): number {
    const value = this.field(field);
    const number = typeof value === 'string' && /^0x[0-9a-f]{1,8}$/i.test(value) ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isInteger(number) || number < 0 || number > 0xffffffff) {
      throw this.bad(field, 'a whole number or 0x and hexadecimal digits');
    }
    return number;
  }

  text(field: string): string {
    const value = this.field(field);
    if (typeof value !== 'string') throw this.bad(field, 'text');
    return value;
  }

  flag(field: string): boolean {
    const value = this.field(field);
    if (typeof value === 'boolean') return value;
    if (value === 0 || value === 1) return value === 1;
    throw this.bad(field, 'true, false, 0 or 1');
  }

  /** A register file: 16 pairs, low half first; RSP, which is not recorded, is 0. */
  registers(field: string): Int32Array {
    const value = this.field(field);
    if (!isObject(value)) throw this.bad(field, 'an object of registers');
    const file = new Int32Array(2 * GPR_COUNT);
    for (const name of RECORDED_GPRS) {
      const text = value[name.toLowerCase()];
      if (typeof text !== 'string' || !/^0x[0-9a-f]{16}$/i.test(text)) {
        throw this.bad(`${field}.${name.toLowerCase()}`, '0x and 16 hexadecimal digits');
      }
      file[2 * GPR[name] + 1] = Number.parseInt(text.slice(2, 10), 16);
      file[2 * GPR[name]] = Number.parseInt(text.slice(10, 18), 16);
    }
    return file;
  }

  /** An XMM file: 16 times four 32-bit words, lowest first; the record holds each as one 128-bit number. */
  xmm(field: string): Int32Array {
    const value = this.field(field);
    if (!Array.isArray(value) || value.length !== XMM_COUNT) throw this.bad(field, `a list of ${XMM_COUNT} values`);
    const file = new Int32Array(4 * XMM_COUNT);
    for (const [register, text] of (value as readonly unknown[]).entries()) {
      if (typeof text !== 'string' || !/^0x[0-9a-f]{32}$/i.test(text)) {
        throw this.bad(`${field}[${register}]`, '0x and 32 hexadecimal digits');
      }
      for (let word = 0; word < 4; word++) {
        const at = 2 + 8 * (3 - word);
        file[4 * register + word] = Number.parseInt(text.slice(at, at + 8), 16);
      }
    }
    return file;
  }

  /** Compares text, a number or a flag with what the model says. */
  compare(field: string, actual: string | number | boolean): void {
    const expected =
      typeof actual === 'string'
        ? this.text(field)
        : typeof actual === 'number'
          ? this.number(field)
          : this.flag(field);
    this.compared++;
    if (expected !== actual) this.differ(field, String(expected), String(actual));
  }

  /**
   * Compares a register file.
   *
   * @param open One bit for each register that depends on unrecorded state: it is taken as an input and counted apart.
   */
  compareRegisters(field: string, actual: Int32Array, open = 0): void {
    const expected = this.registers(field);
    for (const name of RECORDED_GPRS) {
      const register = GPR[name];
      if ((open >>> register) & 1) {
        this.takenAsInput++;
        continue;
      }
      this.compared++;
      const at = 2 * register;
      if (expected[at] === actual[at] && expected[at + 1] === actual[at + 1]) continue;
      this.differ(`${field}.${name.toLowerCase()}`, hex(expected, at, 2), hex(actual, at, 2));
    }
  }

  /**
   * Compares some bits of one register of a file, as a field of their own.
   *
   * @param bits What to call them: `rcx[33:32]`.
   * @param mask [bits 31:0, bits 63:32] of the bits compared.
   */
  compareBits(
    field: string,
    bits: string,
    actual: Int32Array,
    register: number,
    mask: readonly [number, number],
  ): void {
    const expected = this.registers(field);
    const only = (file: Int32Array): Int32Array =>
      Int32Array.of(file[2 * register] & mask[0], file[2 * register + 1] & mask[1]);
    this.compared++;
    const [recorded, model] = [hex(only(expected), 0, 2), hex(only(actual), 0, 2)];
    if (recorded !== model) this.differ(`${field}.${bits}`, recorded, model);
  }

  /** Notes that the status in RAX of a register file is one that the model rules out, whatever was not recorded. */
  ruleOutStatus(field: string, actual: string): void {
    this.compared++;
    this.differ(`${field}.rax`, hex(this.registers(field), 2 * GPR.RAX, 2), actual);
  }

  /** Compares an XMM file. */
  compareXmm(field: string, actual: Int32Array): void {
    const expected = this.xmm(field);
    for (let register = 0; register < XMM_COUNT; register++) {
      this.compared++;
      const at = 4 * register;
      if (hex(expected, at, 4) === hex(actual, at, 4)) continue;
      this.differ(`${field}[${register}]`, hex(expected, at, 4), hex(actual, at, 4));
    }
  }

  differ(field: string, expected: string, actual: string): void {
    this.mismatches.push({ line: this.record.line, field, expected, actual });
  }

  /** The error for a field that is missing or has the wrong form. */
  bad(field: string, wanted: string): VectorFileError {
    return new VectorFileError(`${this.source}:${this.record.line}: field ${field}: expected ${wanted}`);
  }

  private field(name: string): unknown {
    if (!this.has(name)) throw new VectorFileError(`${this.source}:${this.record.line}: field ${name} is missing`);
    return this.record.value[name];
  }
}

function hex(file: Int32Array, at: number, words: number): string {
  let text = '';
  for (let word = words - 1; word >= 0; word--) text += (file[at + word] >>> 0).toString(16).padStart(8, '0');
  return `0x${text}`;
}
