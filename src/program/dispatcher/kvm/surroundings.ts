/**
 * The rest of KVM as its dispatcher calls it: every symbol, its parameters and what it does. What shows to the reference is the
 * same exchange as of our own dispatcher's host (../surroundings.ts). Read in Linux 7.3.4: arch/x86/kvm/x86.c, msrs.c, x86.h,
 * vmx/common.h, include/linux/kvm_host.h; docs/abi/kvm-dispatcher.md#kvms-own-object.
 */
import { ERRNO } from '../../../../models/abi/errno.js';
import { KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON, KVM_RUN_PIO_DATA_OFFSET } from '../../../../models/abi/kvm.js';
import { EXPOSED_REGISTERS } from '../../../../models/abi/linux-constants.js';
import type { Values } from '../../../../models/exchange/exchange.js';
import type { ExternalFunction, ExternalFunctions } from '../../../play/call.js';
import { ARGUMENT_OFFSET } from '../layout.js';
import { int, KvmMemory, type KvmWorld, length, negative } from './memory.js';

/** Names of the functions behind the emulator's table. */
export const EMULATOR = { portRead: 'emulator_pio_in_emulated', portWrite: 'emulator_pio_out_emulated' } as const;

const FAST_MMIO_BUS = 3n;
const BUS_LOCK_DETECTED = 1n << 26n;
/** RET_PF_FIXED: what memory management says of a fault that it has served. */
const FAULT_FIXED = 5n;
const WORD = (1n << 64n) - 1n;
const NOTHING = 0n;

/** Bits of a page fault's error code and of the exit qualification that they were made of. */
const FAULT_BITS: readonly (readonly [errorCode: bigint, qualification: bigint])[] = [
  [1n << 1n, 1n << 1n],
  [1n << 4n, 1n << 2n],
  [1n << 32n, (1n << 7n) | (1n << 8n)],
  [1n << 33n, 1n << 7n],
];

export function kvmSurroundings(world: KvmWorld): ExternalFunctions {
  return { ...calls(world), ...effects(world), ...quiet(world) };
}

/** Functions that the reference knows. */
function calls(world: KvmWorld): ExternalFunctions {
  const memory = new KvmMemory(world);
  const vcpuOf = (address: bigint): bigint => world.structures().vcpuAt(address);
  return {
    kvm_cpuid: {
      parameters: ['vcpu', 'eax', 'ebx', 'ecx', 'edx', 'exact'],
      *converse({ vcpu, eax, ebx, ecx, edx }) {
        const request = { function: memory.read(eax, 4), index: memory.read(ecx, 4) };
        const said: Values = yield { moment: 'call host_cpuid', values: { vcpu: vcpuOf(vcpu), ...request } };
        for (const [pointer, name] of [
          [eax, 'eax'],
          [ebx, 'ebx'],
          [ecx, 'ecx'],
          [edx, 'edx'],
        ] as const)
          memory.write(pointer, said[name], 4);
        return 1n;
      },
    },
    kvm_io_bus_write: {
      parameters: ['vcpu', 'bus', 'gpa', 'size', 'data'],
      *converse({ vcpu, bus, gpa, size, data }) {
        // No device listens to addresses alone.
        if (int(bus) === FAST_MMIO_BUS) return negative(ERRNO.EOPNOTSUPP);
        const value = memory.read(data, length(size));
        const values = { vcpu: vcpuOf(vcpu), gpa, size, value };
        const { rax }: Values = yield { moment: memory.bus('host_mmio_write', bus), values };
        return rax;
      },
    },
    kvm_io_bus_read: {
      parameters: ['vcpu', 'bus', 'gpa', 'size', 'data'],
      *converse({ vcpu, bus, gpa, size, data }) {
        const values = { vcpu: vcpuOf(vcpu), gpa, size };
        const { rax, data: value }: Values = yield { moment: memory.bus('host_mmio_read', bus), values };
        if (int(rax) === 0n) memory.write(data, value, length(size));
        return rax;
      },
    },
    [EMULATOR.portRead]: {
      parameters: ['emulator', 'size', 'port', 'data', 'count'],
      *converse({ emulator, size, port, data }) {
        const vcpu = memory.vcpuWith(emulator);
        if (vcpu !== undefined && memory.pio(vcpu, 'count', 8) !== 0n) {
          const bytes = length(memory.pio(vcpu, 'size', 4));
          memory.write(data, memory.read(vcpu.run + BigInt(KVM_RUN_PIO_DATA_OFFSET), bytes), bytes);
          memory.setPio(vcpu, 'count', 0n, 8);
          return 1n;
        }
        const values = { vcpu: vcpuOf(vcpu?.address ?? 0n), port, size };
        const { rax, data: value }: Values = yield { moment: 'call host_pio_read', values };
        if (int(rax) === 0n) {
          memory.write(data, value, length(size));
          return 1n;
        }
        if (vcpu !== undefined) memory.exitIo(vcpu, 0n, size, port, NOTHING);
        return 0n;
      },
    },
    [EMULATOR.portWrite]: {
      parameters: ['emulator', 'size', 'port', 'data', 'count'],
      *converse({ emulator, size, port, data }) {
        const vcpu = memory.vcpuWith(emulator);
        const value = memory.read(data, length(size));
        const values = { vcpu: vcpuOf(vcpu?.address ?? 0n), port, size, value };
        const { rax }: Values = yield { moment: 'call host_pio_write', values };
        if (int(rax) === 0n) return 1n;
        if (vcpu !== undefined) memory.exitIo(vcpu, 1n, size, port, value);
        return 0n;
      },
    },
    kvm_emulate_rdmsr: { parameters: ['vcpu'], converse: ({ vcpu }) => memory.readMsr(vcpu) },
    kvm_emulate_wrmsr: { parameters: ['vcpu'], converse: ({ vcpu }) => memory.writeMsr(vcpu) },
    kvm_get_msr_common: {
      parameters: ['vcpu', 'msr'],
      *converse({ vcpu, msr }) {
        const values = { vcpu: vcpuOf(vcpu), index: memory.msr(msr, 'index', 4) };
        const { rax, value }: Values = yield { moment: 'call host_get_msr', values };
        if (int(rax) === 0n) memory.setMsr(msr, 'data', value, 8);
        return int(rax) === 0n ? 0n : 1n;
      },
    },
    kvm_set_msr_common: {
      parameters: ['vcpu', 'msr'],
      *converse({ vcpu, msr }) {
        const request = { index: memory.msr(msr, 'index', 4), value: memory.msr(msr, 'data', 8) };
        const { rax }: Values = yield { moment: 'call host_set_msr', values: { vcpu: vcpuOf(vcpu), ...request } };
        return int(rax) === 0n ? 0n : 1n;
      },
    },
    kvm_emulate_halt_noskip: {
      parameters: ['vcpu'],
      *converse({ vcpu }) {
        const { rax }: Values = yield { call: memory.addressOf('tdx_interrupt_allowed'), parameters: [vcpu] };
        const interruptsBlocked = (rax & 0xffn) === 0n ? 1n : 0n;
        yield { moment: 'call host_halt', values: { vcpu: vcpuOf(vcpu), interruptsBlocked } };
        return 1n;
      },
    },
    ____kvm_emulate_hypercall: {
      parameters: ['vcpu', 'cpl', 'complete'],
      converse: ({ vcpu, cpl, complete }) => memory.hypercall(vcpu, cpl, complete),
    },
    kvm_mmu_page_fault: {
      parameters: ['vcpu', 'gpa', 'errorCode', 'instruction', 'length'],
      *converse({ vcpu, gpa, errorCode }) {
        let qualification = 0n;
        for (const [code, bits] of FAULT_BITS) if ((errorCode & code) !== 0n) qualification |= bits;
        const values = { vcpu: vcpuOf(vcpu), gpa, qualification, present: errorCode & 1n };
        const { rax }: Values = yield { moment: 'call host_ept_violation', values };
        return int(rax) === 1n ? FAULT_FIXED : rax;
      },
    },
    kvm_make_all_cpus_request: {
      parameters: ['kvm', 'request'],
      *converse({ kvm }) {
        const structures = world.structures();
        const isIt = kvm === structures.kvm && structures.isGivenUp();
        yield { moment: 'call host_vm_bugged', values: { vcpu: isIt ? BigInt(world.running()) : WORD } };
        return 1n;
      },
    },
  };
}

/** Functions that change what the reference looks at later. */
function effects(world: KvmWorld): ExternalFunctions {
  const memory = new KvmMemory(world);
  return {
    tdh_vp_enter: {
      parameters: ['vp', 'registers'],
      query: ({ registers }) => {
        const exit = world.exit();
        for (const name of ['rcx', ...EXPOSED_REGISTERS] as const)
          memory.write(registers + ARGUMENT_OFFSET[name], exit[name], 8);
        return exit['rax'];
      },
    },
    kvm_prepare_unexpected_reason_exit: {
      parameters: ['vcpu', 'reason'],
      query: ({ vcpu, reason }) => {
        const found = memory.vcpuAt(vcpu);
        if (found === undefined) return 0n;
        memory.runExit(found, 'INTERNAL_ERROR', {
          suberror: BigInt(KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON),
          ndata: 2n,
          'data[0]': reason,
          'data[1]': memory.lastCpu(found),
        });
        return 0n;
      },
    },
    vt_handle_bus_lock_vmexit: {
      parameters: ['vcpu'],
      query: ({ vcpu }) => {
        const at = vcpu + world.structures().layout.at('vcpu_tdx', 'vt.exit_reason');
        memory.write(at, memory.read(at, 4) | BUS_LOCK_DETECTED, 4);
        return 1n;
      },
    },
    memcpy: {
      parameters: ['to', 'from', 'size'],
      query: ({ to, from, size }) => {
        const count = size < 4096n ? Number(size) : 0;
        for (let index = 0n; index < BigInt(count); index++) memory.write(to + index, memory.read(from + index, 1), 1);
        return to;
      },
    },
    memset: {
      parameters: ['to', 'value', 'size'],
      query: ({ to, value, size }) => {
        const count = size < 4096n ? Number(size) : 0;
        for (let index = 0n; index < BigInt(count); index++) memory.write(to + index, value & 0xffn, 1);
        return to;
      },
    },
  };
}

const QUIET = [
  'vmx_handle_nmi',
  'rcu_note_context_switch',
  'kvm_wait_lapic_expire',
  'kvm_vcpu_gfn_to_memslot',
  '__SCT__cond_resched',
  '__cond_resched',
  '__rcu_read_lock',
  '__rcu_read_unlock',
  '__SCT__tp_func_kvm_entry',
  '__SCT__tp_func_kvm_exit',
  '__SCT__tp_func_kvm_mmio',
  '__SCT__tp_func_kvm_fast_mmio',
  '__SCT__tp_func_kvm_page_fault',
] as const;

/** Functions that change nothing, and one that only tells. */
function quiet(world: KvmWorld): ExternalFunctions {
  const nothing: ExternalFunction = { parameters: [], query: () => 0n };
  return {
    ...Object.fromEntries(QUIET.map((name) => [name, nothing])),
    kvm_vcpu_has_events: { parameters: ['vcpu'], query: () => world.hasPendingEvents() },
  };
}
