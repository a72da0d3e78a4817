/**
 * ReportFatalError: R11 = 0x10003, R12 = 0, up to 64 bytes of message in eight registers, the first byte lowest
 * (docs/abi/linux-helpers.md#tdx_panic). It never comes back to its caller, whatever the host does.
 */
import { TDVMCALL } from '../../abi/tdvmcall.js';
import type { Reference, Values } from '../../exchange/exchange.js';
import { hypercall, vmcall } from './hypercall.js';
import type { HelperOptions } from './options.js';

const ABOUT = ['fatal-error'];
const ORDER = ['r14', 'r15', 'rbx', 'rdi', 'rsi', 'r8', 'r9', 'rdx'] as const;
const WORD_BYTES = 8;

/** The bytes of the message in eight words; what follows its end is 0. The story has it in words, `msg.0` to `msg.7`. */
function packed(values: Values): bigint[] {
  let ended = false;
  return ORDER.map((_, index) => {
    let word = 0n;
    for (let byte = 0; byte < WORD_BYTES; byte++) {
      const character = (values[`msg.${index}`] >> BigInt(8 * byte)) & 0xffn;
      ended ||= character === 0n;
      if (!ended) word |= character << BigInt(8 * byte);
    }
    return word;
  });
}

/** `void tdx_panic(const char *msg)`: never returns. */
export function* panic({ form }: HelperOptions, values: Values): Reference {
  const words = packed(values);
  const message = Object.fromEntries(ORDER.map((register, index) => [register, words[index]]));
  const passed = { r11: BigInt(TDVMCALL.ReportFatalError), ...message };
  if ((yield* hypercall(form, passed, ABOUT)) === undefined) return;
  // A host that returns is told again, and so for ever; that it hears the same is not required.
  const { moment, values: asked } = vmcall(form.mask, {}, ABOUT);
  yield { moment, values: { rax: asked['rax'], rcx: asked['rcx'] }, about: ABOUT, last: true };
}
