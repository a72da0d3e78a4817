/** A name that several local functions of an image have: of a kernel two files may each have their own `mmio_read`. */
import { reachedFrom } from '../../harness/call-graph.js';
import type { Image, ImageSymbol } from '../../image/image.js';
import { symbolsNamed } from '../../image/symbols.js';
import { isFunction } from '../../stage/functions.js';
import { wrappedIn } from '../../stage/wrapped-instructions.js';

/**
 * The image without the namesakes of functions that contracts are for: of several with one name those go that reach no TDCALL
 * or SEAMCALL, if one is left then. As it is where nothing is to be decided, or nothing decides it.
 *
 * @param names of functions that there are contracts for
 */
export function withoutNamesakes(image: Image, names: Iterable<string>): Image {
  const others = new Set<ImageSymbol>();
  let wrapped: readonly bigint[] | undefined;
  for (const name of new Set(names)) {
    const same = symbolsNamed(image, name).filter((symbol) => !symbol.global && isFunction(image, symbol));
    if (new Set(same.map(({ address }) => address)).size < 2) continue;
    wrapped ??= Array.from(wrappedIn(image.segments), ({ address }) => address);
    const calls = wrapped;
    const reaching = same.filter(({ address }) => reaches(image, address, calls));
    if (new Set(reaching.map(({ address }) => address)).size !== 1) continue;
    for (const symbol of same) if (!reaching.includes(symbol)) others.add(symbol);
  }
  return others.size === 0 ? image : { ...image, symbols: image.symbols.filter((symbol) => !others.has(symbol)) };
}

function reaches(image: Image, address: bigint, wrapped: readonly bigint[]): boolean {
  return reachedFrom(image, address).some((code) =>
    wrapped.some((at) => at >= code.address && at < code.address + BigInt(code.size)),
  );
}
