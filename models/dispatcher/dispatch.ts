import { ERRNO } from '../abi/errno.js';
import { KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON, KVM_NOTIFY_CONTEXT_INVALID, KVM_RUN_BUS_LOCK } from '../abi/kvm.js';
import { EXIT_REASON, EXIT_REASON_MODIFIERS } from '../abi/exit-reasons.js';
import { TDX_SEAMCALL_STATUS_MASK } from '../abi/linux-constants.js';
import type { Expectation, ExpectedExchange, Reference, Values } from '../exchange/exchange.js';
import { exitKind, hasBusLock } from './exit-reason.js';
import { isShared } from './guest-physical-address.js';
import type { Visit } from './handler.js';
import {
  call,
  fail,
  isUserspaceTurn,
  resumeGuest,
  RETURN_TO_GUEST,
  returnToGuest,
  userspaceExit,
  type Topic,
} from './moments.js';
import { handlerOf } from './sub-functions.js';

/** Topics of exchanges that a property of its own looks at. */
const TELLING: ReadonlySet<string> = new Set<Topic>(['validation', 'upper-bits', 'exit', 'completion', 'map-gpa']);

/** Bits of the status word that say more than the basic exit reason. */
const NOT_THE_REASON = EXIT_REASON_MODIFIERS | TDX_SEAMCALL_STATUS_MASK;

/**
 * Everything that one exit of a TD makes the host do, until the guest goes on. What userspace does in between is the
 * answer to the exit, or to `fail` if KVM_RUN did not take what userspace gave it.
 */
export function* dispatch(visit: Visit): Reference {
  const { contract, exit } = visit;
  const work = serve(visit);
  if (!hasBusLock(contract, exit['rax'])) return yield* work;
  let step = work.next();
  let told = false;
  while (step.done !== true) {
    const exchange = step.value;
    if (!told && exchange.moment === RETURN_TO_GUEST) yield busLock(exchange.about ?? []);
    told ||= exchange.moment === RETURN_TO_GUEST || isUserspaceTurn(exchange.moment);
    step = work.next(yield exchange);
  }
}

/** Of a TDVMCALL with modifier bits only this is judged: that the guest does not go on before userspace was told. */
function busLock(about: readonly string[]): ExpectedExchange {
  const flags = { value: KVM_RUN_BUS_LOCK, mask: KVM_RUN_BUS_LOCK };
  return userspaceExit('X86_BUS_LOCK', { run_flags: flags }, [about.includes('modifiers') ? 'bus-lock' : 'decode']);
}

function* serve(visit: Visit): Reference {
  const { contract, exit } = visit;
  switch (exitKind(contract, exit['rax'])) {
    case 'tdcall':
      return yield* tdvmcall(visit);
    case 'enter-again':
      return void (yield returnToGuest(exit, {}, ['decode']));
    case 'interrupt':
    case 'bus-lock':
      return void (yield resumeGuest(['decode']));
    case 'exception':
      return yield* exception(exit);
    case 'notify':
      return yield* notify(exit);
    case 'failed-entry':
      return yield* ended(failedEntry(visit));
    case 'ept-violation':
      return yield* eptViolation(visit);
    case 'triple-fault':
      return yield* ended(userspaceExit('SHUTDOWN', {}, ['decode']));
    case 'bug':
      yield call('host_vm_bugged', {}, ['decode']);
      return yield* ended(unexpectedExit(visit));
    case 'misconfiguration':
      yield call('host_vm_bugged', {}, ['decode']);
      return void (yield fail(ERRNO.EIO, ['decode']));
    case 'unexpected':
      return yield* ended(unexpectedExit(visit));
  }
}

function* tdvmcall(visit: Visit): Reference {
  const { exit } = visit;
  const isPlain = (exit['rax'] & NOT_THE_REASON) === 0n;
  const work = handlerOf(exit['r10'], exit['r11'])(visit);
  let step = work.next();
  if (step.done !== true) {
    const about = isPlain ? [...(step.value.about ?? []), 'route'] : ['modifiers'];
    step = work.next(yield { ...step.value, about });
    while (step.done !== true) step = work.next(yield { ...step.value, about: labelled(step.value.about ?? []) });
    yield returnToGuest(exit, step.value.results, labelled(step.value.about));
    return;
  }
  const { results, about } = step.value;
  // All refusals look alike: they do not show who serves the call.
  const exchange = returnToGuest(exit, results, isRefusal(about) ? about : [...about, 'route']);
  yield isPlain ? exchange : { ...exchange, about: ['modifiers'] };
}

/** What comes behind the first exchange is about what it says, or else about nothing else taking place. */
function labelled(about: readonly string[]): readonly string[] {
  return about.some((topic) => TELLING.has(topic)) ? about : [...about, 'once'];
}

function isRefusal(about: readonly Topic[]): boolean {
  return about.includes('validation') || about.includes('upper-bits');
}

/** Interruption information: valid, its type, its vector (Linux arch/x86/include/asm/vmx.h, read at 7.3.4). */
const VALID_TYPE = 0x8000_0700n;
const NMI = 0x8000_0200n;
const VALID_TYPE_VECTOR = VALID_TYPE | 0xffn;
const MACHINE_CHECK = 0x8000_0312n;

/** An NMI and a machine check are the host's, and served by the time; another exception is none that a TD hands out. */
function* exception({ r9: information }: Values): Reference {
  const isHosts = (information & VALID_TYPE) === NMI || (information & VALID_TYPE_VECTOR) === MACHINE_CHECK;
  if (isHosts) return void (yield resumeGuest(['decode']));
  yield* ended(userspaceExit('EXCEPTION', { exception: information & 0xffn, error_code: 0n }, ['decode']));
}

/** Bit 0 of the exit qualification: the context of the VM is not valid any more. */
function* notify({ rcx: qualification }: Values): Reference {
  if ((qualification & 1n) === 0n) return void (yield resumeGuest(['decode']));
  yield* ended(userspaceExit('NOTIFY', { flags: KVM_NOTIFY_CONTEXT_INVALID }, ['decode']));
}

/** KVM's own numbers for what a TDCALL asks for stand in place of its reason; nobody can tell which of the two is right. */
function failedEntry({ exit, vcpu }: Visit): ExpectedExchange {
  const reason = BigInt.asUintN(32, exit['rax']);
  const basic = Number(BigInt.asUintN(16, reason));
  const isRenamed = basic === EXIT_REASON.TDCALL || basic === EXIT_REASON.EPT_MISCONFIG;
  const shown: Expectation = isRenamed ? { value: reason & ~0xffffn, mask: ~0xffffn & WORD } : reason;
  return userspaceExit('FAIL_ENTRY', { hardware_entry_failure_reason: shown, cpu: vcpu.cpu }, ['decode']);
}

const WORD = (1n << 64n) - 1n;
/** Bits of the exit qualification of an EPT violation, and of the TDX module's extended one (docs/abi/kvm-dispatcher.md#ept-violations). */
const ACCESS = { write: 1n << 1n, fetch: 1n << 2n } as const;
const READ_WRITE_EXECUTE = 0x38n;
/** With execution by user code. */
const PERMISSIONS = READ_WRITE_EXECUTE | (1n << 6n);
const LINEAR = { valid: 1n << 7n, translated: 1n << 8n } as const;
const PENDING = { mask: 0xfn, type: 6n } as const;

/** The business of the host's memory management: its result is that of KVM_RUN. */
function* eptViolation({ td, exit }: Visit): Reference {
  const { rcx: qualification, rdx: extended, r8: gpa } = exit;
  const isPrivate = !isShared(td, gpa);
  const isUnaccepted = (extended & PENDING.mask) === PENDING.type && (qualification & PERMISSIONS) === 0n;
  // A page that the guest has not accepted, and code in shared memory: neither can be put right.
  if (isPrivate ? isUnaccepted : (qualification & ACCESS.fetch) !== 0n) {
    yield call('host_vm_bugged', {}, ['decode']);
    return void (yield fail(ERRNO.EIO, ['decode']));
  }
  const request = isPrivate
    ? { gpa, qualification: { value: ACCESS.write, mask: SEEN }, present: 0n }
    : { gpa, qualification: seenOf(qualification), present: (qualification & READ_WRITE_EXECUTE) === 0n ? 0n : 1n };
  const host = yield call('host_ept_violation', request, ['decode']);
  const result = BigInt.asIntN(32, host['rax']);
  if (result < 0n) yield fail(-result, ['decode']);
  yield resumeGuest(['decode']);
}

/** Bits of the qualification that memory management decides by. */
const SEEN = ACCESS.write | ACCESS.fetch | LINEAR.valid | LINEAR.translated;

/** Whether the linear address was translated says something only where there is one. */
function seenOf(qualification: bigint): Expectation {
  const mask = (qualification & LINEAR.valid) === 0n ? SEEN & ~LINEAR.translated : SEEN;
  return { value: qualification & mask, mask };
}

function unexpectedExit({ exit, vcpu }: Visit): ExpectedExchange {
  return userspaceExit(
    'INTERNAL_ERROR',
    {
      suberror: BigInt(KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON),
      ndata: 2n,
      'data[0]': exit['rax'],
      'data[1]': vcpu.cpu,
    },
    ['decode'],
  );
}

/** Userspace may run the vCPU once more; what comes of it is the module's to say. */
function* ended(exit: ExpectedExchange): Reference {
  yield exit;
  yield resumeGuest(['completion']);
}
