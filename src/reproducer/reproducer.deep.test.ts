/** More twins on the CPU itself; `reproducer.test.ts` has the first of them, and everything else about reproducers. */
import { twinsReproduced } from './reproducer.test.helper.js';

twinsReproduced([
  ['mask-without-r15-5.19', /^VIOLATED: call\.rcx = 0x7c00, must be 0xfc00 \(as the contract has it\)$/],
  ['load-r12-r13-swapped-5.19', /^VIOLATED: call\.r12 = /],
  ['pops-swapped-5.19', /^VIOLATED: final\.r12 = .* must be .* \(initial\.r12\)$/],
  ['status-half-5.19', /^VIOLATED: final\.rax = /],
  ['store-r11-missing-5.19', /^VIOLATED: final\.block\.r11 = /],
  ['store-beyond-block-5.19', /^VIOLATED: memory: 0x[0-9a-f]+ was stored at 0x8012340830, /],
  ['return-pops-caller-5.19', /^VIOLATED: final\.rsp = 0x41000040a810, must be 0x41000040a808 /],
  ['failure-by-low-half-5.19', /^VIOLATED: end: the run returned, must be: trapped or stopped$/],
  ['jump-through-r11-6.4', /^VIOLATED: faultAddress = 0x0, but 0xffffffffffffffff when only host values change$/],
  ['null-output-5.19', /^VIOLATED: end: the run faulted, must be: returned/],
  ['sti-too-early-5.19', /^VIOLATED: sti: it is not the instruction right before the call$/],
  ['direction-left-set-5.19', /^VIOLATED: final\.rflags = 0x400, must be 0x0 /],
  ['args-in-xmm0-6.3', /^VIOLATED: final\.xmm0\.low = /],
  ['retry-forever-6.3', /^VIOLATED: end: the run does not end, must be: /],
  ['no-fixup-seamcall-2023', /^VIOLATED: end: the run faulted, must be: returned$/],
  ['trap-number-alone-seamcall-2023', /^VIOLATED: final\.rax = 0x[0-9a-f]{1,2}, must be /],
  ['seam-missing-scrub-rdx-6.7', /^VIOLATED: final\.rdx = .* when only values of the TD change$/],
]);
