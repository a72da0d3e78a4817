/** Parsers of option values. Each says in one line what is wrong. */
import { InvalidArgumentError } from 'commander';

/** What the argument IMAGE may be, for the help of a command. */
export const IMAGES =
  'objects, archives or a member of one (lib.a(x.o)), executables, DLLs or UEFI images, as ELF, COFF or PE; objects that refer to each other are one image; a stripped PE image has the names of FOO.map, FOO.nm or FOO.sym beside it';

/** A whole number from 1 to 10^12. */
export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > 1e12)
    throw new InvalidArgumentError('give a whole number of at least 1.');
  return value;
}

/** A whole number from 0 to 10^12. */
export function wholeNumber(text: string): number {
  return text === '0' ? 0 : positiveInteger(text);
}

/** A number of worker threads, 1 to 256. */
export function workerCount(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > 256) throw new InvalidArgumentError('give a number from 1 to 256.');
  return value;
}

/** A duration: `90`, `30s`, `15m`, `8h`. @returns milliseconds */
export function duration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match?.[2] ?? 's'] ?? 1000;
  const value = Number(match?.[1] ?? 0) * unit;
  if (match === null || value <= 0 || value > 30 * 24 * 3_600_000)
    throw new InvalidArgumentError('give a time such as 30s, 15m or 8h.');
  return value;
}

/** Seeds are text: one line, not empty. */
export function seedText(text: string): string {
  if (text === '' || text.length > 200 || /[\r\n]/.test(text)) throw new InvalidArgumentError('give one line of text.');
  return text;
}

export function collect(value: string, previous: string[]): string[] {
  return [...previous, value];
}

/** Of --target, where images may be given. */
export const TARGET_HELP =
  'only these targets, or SYMBOL=SET/FUNCTION to bind a symbol (repeatable); a Rust or C++ function by the last parts of its name: td_shim::asm_td_call=SET/FUNCTION; one without a symbol by its address as objdump -d prints it: 0x1230=SET/FUNCTION, of an object .text+0x30=SET/FUNCTION';
