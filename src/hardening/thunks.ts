/** Calls and jumps that stand for something else: the thunks of compilers and kernels, and tracers. */
import type { Image } from '../image/image.js';
import type { Operation } from '../code/operation.js';

const RETURN_THUNK = /^__x86_return_thunk$|^(__x86_)?(srso|retbleed|its)\w*_return_thunk$|^(zen_)?(un)?train_ret/;
const INDIRECT_THUNK = /^__x86_indirect_(its_)?(call_|jump_)?thunk_|^__llvm_retpoline_|^__x86_indirect_\w*_r\w+$/;
/** What a compiler puts before everything else in a function, and what is no function of anybody's. */
const TRACER = /^(__fentry__|mcount|_mcount|__sanitizer_cov_\w+|__tsan_\w+|__asan_\w+|__msan_\w+|__kasan_\w+)$/;

const NAMES = new WeakMap<Image, ReadonlyMap<bigint, readonly string[]>>();

/** Every name of an address: several functions may share one. */
export function namesAt(image: Image, address: bigint): readonly string[] {
  let names = NAMES.get(image);
  if (names === undefined) {
    const all = new Map<bigint, string[]>();
    for (const { name, address: at } of [...image.symbols, ...image.externals]) {
      const before = all.get(at);
      if (before === undefined) all.set(at, [name]);
      else before.push(name);
    }
    NAMES.set(image, (names = all));
  }
  return names.get(address) ?? [];
}

function goesTo(image: Image, { target }: Operation, pattern: RegExp): boolean {
  return target !== undefined && namesAt(image, target).some((name) => pattern.test(name));
}

export function isReturnThunk(image: Image, operation: Operation): boolean {
  return operation.flow === 'branch' && goesTo(image, operation, RETURN_THUNK);
}

export function isIndirectThunk(image: Image, operation: Operation): boolean {
  return (operation.flow === 'branch' || operation.flow === 'call') && goesTo(image, operation, INDIRECT_THUNK);
}

/** A direct or indirect call of a function that has a frame to be traced: none of a tracer or a thunk that returns at once. */
export function isRealCall(image: Image, operation: Operation): boolean {
  return operation.flow === 'call' && !goesTo(image, operation, TRACER);
}
