/** The sub-functions that only userspace can serve. Fields: models/abi/kvm.ts; rules: docs/abi/kvm-dispatcher.md. */
import { KVM_SYSTEM_EVENT_TDX_FATAL } from '../abi/kvm.js';
import { TDVMCALL, TDVMCALL_STATUS } from '../abi/tdvmcall.js';
import { isShared, withoutSharedBit } from './guest-physical-address.js';
import { invalidOperand, success, type Answer, type Handler } from './handler.js';
import { fieldName, userspaceExit, type Topic } from './moments.js';

/** The registers in the order of the event's data, which is the hardware's; 0 for RSP and RBP. */
const FATAL_ERROR_DATA = 'rax rcx rdx rbx - - rsi rdi r8 r9 r10 r11 r12 r13 r14 r15'.split(' ');

/** Vectors that SetupEventNotifyInterrupt takes. */
const VECTORS = { first: 32n, last: 255n };

const OUTPUTS = ['r11', 'r12', 'r13', 'r14'] as const;

/** ReportFatalError: all registers go to userspace. A host that goes on all the same gives nothing back. */
export const reportFatalError: Handler = function* ({ exit }) {
  const data = FATAL_ERROR_DATA.map((name, index) => [`data[${index}]`, name === '-' ? 0n : exit[name]]);
  yield userspaceExit(
    'SYSTEM_EVENT',
    { type: BigInt(KVM_SYSTEM_EVENT_TDX_FATAL), ndata: BigInt(data.length), ...Object.fromEntries(data) },
    ['fatal-error', 'exit'],
  );
  return success({}, ['fatal-error', 'completion']);
};

/** GetTdVmCallInfo: R12 = 0 asks for the base calls, all of which are there; 1 for those that userspace serves. */
export const getTdVmCallInfo: Handler = function* ({ exit }) {
  const { r12: leaf } = exit;
  if (leaf === 0n) return success({ r11: 0n, r12: 0n, r13: 0n, r14: 0n }, ['information']);
  if (leaf !== 1n) return invalidOperand(['information'], [leaf]);
  const { SUCCESS, SUBFUNC_UNSUPPORTED } = TDVMCALL_STATUS;
  const userspace = yield userspaceExit(
    'TDX',
    {
      flags: 0n,
      nr: BigInt(TDVMCALL.GetTdVmCallInfo),
      // What stands here if userspace does not touch it is not in the facts: both are sound.
      ret: { oneOf: [SUCCESS, SUBFUNC_UNSUPPORTED] },
      leaf,
      ...Object.fromEntries(OUTPUTS.map((name) => [name, 0n])),
    },
    ['information', 'exit'],
  );
  const outputs = OUTPUTS.map((name) => [name, userspace[fieldName('TDX', name)]]);
  return answered(userspace[fieldName('TDX', 'ret')], ['information'], Object.fromEntries(outputs));
};

/** GetQuote: R12 is the GPA of a shared buffer, R13 its size, which userspace checks. */
export const getQuote: Handler = function* ({ td, exit }) {
  const { r12: gpa, r13: size } = exit;
  if (!isShared(td, gpa)) return invalidOperand(['quote']);
  const userspace = yield userspaceExit(
    'TDX',
    {
      flags: 0n,
      nr: BigInt(TDVMCALL.GetQuote),
      ret: TDVMCALL_STATUS.SUBFUNC_UNSUPPORTED,
      gpa: withoutSharedBit(td, gpa),
      size,
    },
    ['quote', 'exit'],
  );
  return answered(userspace[fieldName('TDX', 'ret')], ['quote']);
};

/** SetupEventNotifyInterrupt: R12 is a vector that no exception uses. */
export const setupEventNotifyInterrupt: Handler = function* ({ exit }) {
  const { r12: vector } = exit;
  if (vector < VECTORS.first || vector > VECTORS.last) return invalidOperand(['notify'], [vector]);
  const userspace = yield userspaceExit(
    'TDX',
    {
      flags: 0n,
      nr: BigInt(TDVMCALL.SetupEventNotifyInterrupt),
      ret: TDVMCALL_STATUS.SUBFUNC_UNSUPPORTED,
      vector,
    },
    ['notify', 'exit'],
  );
  return answered(userspace[fieldName('TDX', 'ret')], ['notify']);
};

/** R10 as userspace set it. */
function answered(r10: bigint, about: readonly Topic[], outputs: Answer['results'] = {}): Answer {
  return { results: { r10, ...outputs }, about: [...about, 'completion'] };
}
