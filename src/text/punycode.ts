/** Identifiers beyond ASCII, in the names of Rust functions. */
import { NotMangled } from './name-reader.js';

/**
 * The characters that a text of ASCII stands for. RFC 3492, section 6.2, with the parameters of section 5; `_` in place of `-` before the digits.
 *
 * @throws NotMangled
 */
export function fromPunycode(text: string): string {
  const split = text.lastIndexOf('_');
  const points = text.slice(0, Math.max(0, split)).split('');
  const digits = text.slice(split + 1);
  let code = 128;
  let index = 0;
  let bias = 72;
  for (let at = 0; at < digits.length;) {
    const before = index;
    for (let weight = 1, step = 36; ; step += 36) {
      const digit = 'abcdefghijklmnopqrstuvwxyz0123456789'.indexOf(digits[at] ?? '?');
      at++;
      if (digit < 0) throw new NotMangled();
      index += digit * weight;
      const threshold = Math.min(26, Math.max(1, step - bias));
      if (index > 2 ** 31) throw new NotMangled();
      if (digit < threshold) break;
      weight *= 36 - threshold;
    }
    const count = points.length + 1;
    bias = adapted(index - before, count, before === 0);
    code += Math.floor(index / count);
    index %= count;
    if (code > 0x10ffff) throw new NotMangled();
    points.splice(index++, 0, String.fromCodePoint(code));
  }
  return points.join('');
}

function adapted(distance: number, count: number, isFirst: boolean): number {
  let left = isFirst ? Math.floor(distance / 700) : Math.floor(distance / 2);
  left += Math.floor(left / count);
  let bias = 0;
  for (; left > 455; bias += 36) left = Math.floor(left / 35);
  return bias + Math.floor((36 * left) / (left + 38));
}
