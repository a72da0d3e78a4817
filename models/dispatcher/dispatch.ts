import { KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON } from '../abi/kvm.js';
import { EXIT_REASON_MODIFIERS } from '../abi/exit-reasons.js';
import { TDX_SEAMCALL_STATUS_MASK } from '../abi/linux-constants.js';
import type { ExpectedExchange, Reference } from '../exchange/exchange.js';
import { exitKind } from './exit-reason.js';
import type { Visit } from './handler.js';
import { call, fail, resumeGuest, returnToGuest, userspaceExit, type Topic } from './moments.js';
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
  switch (exitKind(contract, exit['rax'])) {
    case 'tdcall':
      return yield* tdvmcall(visit);
    case 'enter-again':
      return void (yield returnToGuest(exit, {}, ['decode']));
    case 'interrupt':
      return void (yield resumeGuest(['decode']));
    case 'ept-violation':
      return yield* eptViolation(visit);
    case 'triple-fault':
      return yield* ended(userspaceExit('SHUTDOWN', {}, ['decode']));
    case 'bug':
      yield call('host_vm_bugged', {}, ['decode']);
      return yield* ended(unexpectedExit(visit));
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

/** The business of the host's memory management: its result is that of KVM_RUN. */
function* eptViolation({ exit }: Visit): Reference {
  const request = { gpa: exit['r8'], qualification: exit['rcx'] };
  const host = yield call('host_ept_violation', request, ['decode']);
  const result = BigInt.asIntN(32, host['rax']);
  if (result < 0n) yield fail(-result, ['decode']);
  yield resumeGuest(['decode']);
}

function unexpectedExit({ exit }: Visit): ExpectedExchange {
  return userspaceExit(
    'INTERNAL_ERROR',
    { suberror: BigInt(KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON), ndata: 1n, 'data[0]': exit['rax'] },
    ['decode'],
  );
}

/** Userspace may run the vCPU once more; what comes of it is the module's to say. */
function* ended(exit: ExpectedExchange): Reference {
  yield exit;
  yield resumeGuest(['completion']);
}
