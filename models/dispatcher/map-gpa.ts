import { ERRNO } from '../abi/errno.js';
import { KVM_EXIT_HYPERCALL_LONG_MODE, KVM_HC_MAP_GPA_RANGE, KVM_MAP_GPA_RANGE_ENCRYPTED } from '../abi/kvm.js';
import { TDVMCALL_STATUS } from '../abi/tdvmcall.js';
import type { ExpectedExchange, Expectation, Values } from '../exchange/exchange.js';
import type { DispatcherContract, TdConfiguration } from './contract.js';
import { isLegal, isShared, withoutSharedBit } from './guest-physical-address.js';
import { isZero, success, type Answer, type Handler, type Visit } from './handler.js';
import { fail, fieldName, userspaceExit, type Topic } from './moments.js';

const PAGE = 4096n;

/**
 * MapGPA: R12 first GPA, with the shared bit if the range is to become shared, R13 size in bytes. Userspace converts it
 * chunk by chunk; the guest is told in R11 where to go on, or where it failed (docs/abi/kvm-dispatcher.md#mapgpa).
 */
export const mapGpa: Handler = function* (visit) {
  const { contract, exit } = visit;
  const { r12: gpa, r13: size } = exit;
  const error = firstError(visit);
  if (error !== undefined) return stopped(error, gpa, ['map-gpa', 'validation']);
  for (let next = gpa; ; next += contract.mapGpaChunk) {
    const left = gpa + size - next;
    const userspace = yield chunkExit(visit.td, next, left < contract.mapGpaChunk ? left : contract.mapGpaChunk);
    const accepted = yield* acceptedAnswer(contract, userspace);
    if (accepted === undefined) return success({ r11: exit['r11'] }, ['completion']);
    const status = chunkStatus(contract, accepted);
    if (status !== TDVMCALL_STATUS.SUCCESS) return stopped(status, next, ['completion']);
    if (left <= contract.mapGpaChunk) return success({ r11: exit['r11'] }, ['map-gpa']);
    if (!isZero(accepted['pendingEvents']))
      return stopped(TDVMCALL_STATUS.RETRY, next + contract.mapGpaChunk, ['map-gpa']);
  }
};

function stopped(status: Expectation, at: bigint, about: readonly Topic[]): Answer {
  return { results: { r10: status, r11: at }, about };
}

function firstError({ contract, td, exit }: Visit): Expectation | undefined {
  const { r12: gpa, r13: size } = exit;
  if (!td.mapGpaRange) return TDVMCALL_STATUS.SUBFUNC_UNSUPPORTED;
  const last = gpa + size - 1n;
  const ranged =
    size !== 0n && isLegal(td, gpa) && isLegal(td, last) && isShared(td, gpa) === isShared(td, last) && gpa <= last;
  const aligned = (gpa | size) % PAGE === 0n;
  if (ranged) return aligned ? undefined : TDVMCALL_STATUS.ALIGN_ERROR;
  if (aligned || contract.mapGpaErrors === 'range-first') return TDVMCALL_STATUS.INVALID_OPERAND;
  return { oneOf: [TDVMCALL_STATUS.INVALID_OPERAND, TDVMCALL_STATUS.ALIGN_ERROR] };
}

function chunkExit(td: TdConfiguration, next: bigint, length: bigint): ExpectedExchange {
  return userspaceExit(
    'HYPERCALL',
    {
      nr: BigInt(KVM_HC_MAP_GPA_RANGE),
      'args[0]': withoutSharedBit(td, next),
      'args[1]': length / PAGE,
      'args[2]': isShared(td, next) ? 0n : BigInt(KVM_MAP_GPA_RANGE_ENCRYPTED),
      ret: 0n,
      flags: BigInt(KVM_EXIT_HYPERCALL_LONG_MODE),
    },
    ['map-gpa'],
  );
}

/**
 * An answer that KVM_RUN refuses is none: the chunk stays open, so that a later KVM_RUN cannot tell the guest that it
 * was converted. That it stays open is our own rule; KVM drops it (docs/abi/kvm-dispatcher.md#mapgpa).
 *
 * @returns undefined for one that was dropped
 */
function* acceptedAnswer(
  { userspaceErrors, refusedAnswers }: DispatcherContract,
  userspace: Values,
): Generator<ExpectedExchange, Values | undefined, Values> {
  const known: readonly bigint[] = [0n, ERRNO.EAGAIN, ERRNO.EINVAL];
  let answer = userspace;
  while (userspaceErrors === 'linux-7.2' && !known.includes(answer[fieldName('HYPERCALL', 'ret')])) {
    answer = yield fail(ERRNO.EINVAL, ['completion']);
    if (refusedAnswers === 'dropped') return undefined;
  }
  return answer;
}

function chunkStatus({ userspaceErrors }: DispatcherContract, userspace: Values): bigint {
  const error = userspace[fieldName('HYPERCALL', 'ret')];
  if (error === 0n) return TDVMCALL_STATUS.SUCCESS;
  const retry = userspaceErrors === 'linux-7.2' && error === ERRNO.EAGAIN;
  return retry ? TDVMCALL_STATUS.RETRY : TDVMCALL_STATUS.INVALID_OPERAND;
}
