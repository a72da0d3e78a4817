import { ERRNO } from '../abi/errno.js';
import { KVM_ENOSYS, KVM_EXIT_HYPERCALL_LONG_MODE, KVM_HC_MAP_GPA_RANGE } from '../abi/kvm.js';
import { upperBits, type Answer, type Handler } from './handler.js';
import { call, fieldName, userspaceExit, type Topic } from './moments.js';

const PAGE_BITS = 12n;
const PAGE = 1n << PAGE_BITS;

/**
 * A TDVMCALL with R10 other than 0: the KVM hypercall of that number, arguments in R11 to R14, result in R10
 * (docs/abi/kvm-dispatcher.md#kvm-hypercalls). One goes to userspace: KVM_HC_MAP_GPA_RANGE, if userspace wants it; its arguments are
 * checked as in Linux arch/x86/kvm/x86.c (read in list copies): an aligned first GPA, and pages that do not wrap.
 */
export const kvmHypercall: Handler = function* ({ td, exit }) {
  const { r10: number, r11: a0, r12: a1, r13: a2, r14: a3 } = exit;
  const about: Topic[] = ['hypercall', ...upperBits([number])];
  if (number !== BigInt(KVM_HC_MAP_GPA_RANGE)) {
    const host = yield call('host_kvm_hypercall', { number, a0, a1, a2, a3 }, about);
    return result(host['rax']);
  }
  if (!td.mapGpaRange) return result(negative(KVM_ENOSYS));
  const first = a0 >> PAGE_BITS;
  if (a0 % PAGE !== 0n || BigInt.asUintN(64, first + a1) <= first) return result(negative(ERRNO.EINVAL));
  const userspace = yield userspaceExit(
    'HYPERCALL',
    { nr: number, 'args[0]': a0, 'args[1]': a1, 'args[2]': a2, ret: 0n, flags: BigInt(KVM_EXIT_HYPERCALL_LONG_MODE) },
    [...about, 'exit'],
  );
  return result(userspace[fieldName('HYPERCALL', 'ret')], ['completion']);
};

function negative(error: bigint): bigint {
  return BigInt.asUintN(64, -error);
}

function result(r10: bigint, about: readonly Topic[] = []): Answer {
  return { results: { r10 }, about: ['hypercall', ...about] };
}
