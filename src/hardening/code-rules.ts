/** Rules on one function that its instructions alone decide. Each says whether it applies, and what breaks it. */
import { Mnemonic } from 'iced-x86';
import type { Image } from '../image/image.js';
import { segmentAt } from '../image/segments.js';
import type { Operation } from '../code/operation.js';
import { REGISTER_INDEX } from '../x86/registers.js';
import type { Listing } from './listing.js';
import type { HardeningFinding, PromisedRule } from './rules.js';
import { isIndirectThunk, isRealCall, isReturnThunk, namesAt } from './thunks.js';
import { unreached } from './reach.js';

/** What a function says of a rule: nothing, that it keeps it, or where it breaks it. */
export type Judgement = readonly HardeningFinding[] | undefined;

const INT3 = 0xcc;

function byteAt(image: Image, address: bigint): number | undefined {
  const segment = segmentAt(image.segments, address);
  return segment === undefined ? undefined : segment.bytes[Number(address - segment.address)];
}

function isIndirect({ flow, target }: Operation): boolean {
  return (flow === 'branch' || flow === 'call') && target === undefined;
}

function returnSpeculation(image: Image, { operations }: Listing): Judgement {
  const returns = operations.filter(({ flow }) => flow === 'return');
  if (returns.length === 0 && !operations.some((operation) => isReturnThunk(image, operation))) return undefined;
  return returns
    .filter(({ next }) => byteAt(image, next) !== INT3)
    .map(({ address, text }) => ({
      rule: 'return-speculation',
      subject: '',
      address,
      found: `a CPU may go on behind this ${text}: no INT3 stands there`,
    }));
}

/** A function that only its own file can name is called directly, as far as anybody can tell. */
function landingPad(_image: Image, { symbol, operations }: Listing): Judgement {
  const [first] = operations;
  if (!symbol.global || first === undefined) return undefined;
  if (first.mnemonic === Mnemonic.Endbr64) return [];
  const found = `it is global and begins with ${first.text}, so that an indirect call of it faults`;
  return [{ rule: 'landing-pad', subject: '', address: first.address, found }];
}

/** Calls through a word of the image, `*pv_ops+8(%rip)`, are patched at the start, and hold no address that somebody else chose. */
function isPatched({ operands: [operand] }: Operation): boolean {
  return operand?.kind === 'memory' && operand.base === undefined && operand.index === undefined && !operand.hasSegment;
}

function indirectBranch(image: Image, { operations }: Listing): Judgement {
  const branches = operations.filter((operation) => isIndirect(operation) && !isPatched(operation));
  if (branches.length === 0 && !operations.some((operation) => isIndirectThunk(image, operation))) return undefined;
  return branches.map(({ address, text }) => ({
    rule: 'indirect-branch',
    subject: '',
    address,
    found: `${text} may be predicted to go anywhere: it takes no thunk`,
  }));
}

function isMove({ mnemonic, operands: [to, from] }: Operation, target: number, source: number): boolean {
  if (mnemonic !== Mnemonic.Mov || to?.kind !== 'register' || from?.kind !== 'register') return false;
  return to.register === target && from.register === source && to.bits === 64;
}

function framePointer(image: Image, { operations }: Listing): Judgement {
  const { rbp, rsp } = REGISTER_INDEX;
  const call = operations.findIndex((operation) => isRealCall(image, operation));
  if (call < 0) return undefined;
  const setUp = operations.findIndex((operation) => isMove(operation, rbp, rsp));
  const push = operations.findIndex(
    ({ mnemonic, operands: [operand] }) =>
      mnemonic === Mnemonic.Push && operand?.kind === 'register' && operand.register === rbp,
  );
  if (push >= 0 && push < setUp && setUp < call) return [];
  const { address, text } = operations[call];
  const found = `${text}: RBP is not its frame pointer there, and a trace of the stack loses its caller`;
  return [{ rule: 'frame-pointer', subject: 'RBP', address, found }];
}

/** Sections whose code runs where tracing, probes and sanitizers may not (Linux: noinstr, entry code, idle). */
const NOINSTR = /^\.(noinstr|entry|cpuidle)\.text(\..*)?$/;
/** What such code calls all the same: thunks, and what stops the machine. */
const ALLOWED = /^__x86_|^__stack_chk_fail$|^__sanitizer_cov|^__warn_printk$|^__SCT__|^ct_|^instrumentation_/;

function leavesNoinstr(image: Image, { address, end, operations }: Listing): Judgement {
  if (!NOINSTR.test(segmentAt(image.segments, address)?.name ?? '')) return undefined;
  return operations
    .filter(({ flow, target }) => (flow === 'call' || flow === 'branch') && target !== undefined)
    .filter(({ target = 0n }) => target < address || target >= end)
    .filter(({ target = 0n }) => !NOINSTR.test(segmentAt(image.segments, target)?.name ?? ''))
    .filter(({ target = 0n }) => !namesAt(image, target).some((name) => ALLOWED.test(name)))
    .map((operation) => ({
      rule: 'leaves-noinstr',
      subject: '',
      address: operation.address,
      found: `it leaves the section: ${operation.text}`,
    }));
}

function unreachableCode(image: Image, listing: Listing): Judgement {
  const first = unreached(image, listing);
  if (first === 'unknown') return undefined;
  if (first === undefined) return [];
  const found = `no way leads to ${first.text}`;
  return [{ rule: 'unreachable-code', subject: '', address: first.address, found }];
}

export const CODE_RULES: Readonly<
  Record<Exclude<PromisedRule, 'constant-mask'>, (image: Image, code: Listing) => Judgement>
> = {
  'return-speculation': returnSpeculation,
  'landing-pad': landingPad,
  'indirect-branch': indirectBranch,
  'frame-pointer': framePointer,
  'leaves-noinstr': leavesNoinstr,
  'unreachable-code': unreachableCode,
};
