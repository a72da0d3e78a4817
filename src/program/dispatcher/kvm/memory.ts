/** What KVM's own functions around the dispatcher read and write in its structures, by the names of their members. */
import { ERRNO } from '../../../../models/abi/errno.js';
import {
  KVM_ENOSYS,
  KVM_EXIT,
  KVM_EXIT_HYPERCALL_LONG_MODE,
  KVM_HC_MAP_GPA_RANGE,
  KVM_RUN_EXIT_REASON_OFFSET,
  KVM_RUN_FIELDS,
  KVM_RUN_PIO_DATA_OFFSET,
  type KvmExitName,
} from '../../../../models/abi/kvm.js';
import type { Values } from '../../../../models/exchange/exchange.js';
import type { Conversation } from '../../../play/call.js';
import type { ProgramStage } from '../../../stage/program-stage.js';
import { readBytes, writeBytes } from '../memory.js';
import type { CALLED_BACK } from './members.js';
import { KVM_REGISTER, type KvmStructures, type KvmVcpu } from './structures.js';

/** What the functions of a story share. */
export interface KvmWorld {
  stage(): ProgramStage;
  /** The TD of this story. */
  structures(): KvmStructures;
  /** The exit that TDH.VP.ENTER comes back with. */
  exit(): Values;
  /** The vCPU that runs. */
  running(): number;
  hasPendingEvents(): bigint;
}

export const int = (value: bigint): bigint => BigInt.asUintN(32, value);
export const negative = (error: bigint): bigint => BigInt.asUintN(64, -error);
/** A size in bytes that a pointer may be followed for. */
export const length = (value: bigint): number => Number(BigInt.asUintN(4, value));

const PAGE_BITS = 12n;

type PioMember = 'count' | 'port' | 'size' | 'in';

export class KvmMemory {
  constructor(private readonly world: KvmWorld) {}

  private get stage(): ProgramStage {
    return this.world.stage();
  }

  read(address: bigint, bytes: number): bigint {
    return readBytes(this.stage, address, bytes);
  }

  write(address: bigint, value: bigint, bytes: number): void {
    writeBytes(this.stage, address, value, bytes);
  }

  addressOf(name: (typeof CALLED_BACK)[number]): bigint {
    return this.stage.addressOf(name);
  }

  vcpuAt(address: bigint): KvmVcpu | undefined {
    return this.world.structures().all.find((vcpu) => vcpu.address === address);
  }

  vcpuWith(emulator: bigint): KvmVcpu | undefined {
    return this.world.structures().all.find((vcpu) => vcpu.emulator === emulator);
  }

  bus(name: string, bus: bigint): string {
    return int(bus) === 0n ? `call ${name}` : `call ${name} on bus ${int(bus)}`;
  }

  pio({ address }: KvmVcpu, member: PioMember, bytes: 4 | 8): bigint {
    return this.read(address + this.pioAt(member), bytes);
  }

  setPio({ address }: KvmVcpu, member: PioMember, value: bigint, bytes: 4 | 8): void {
    this.write(address + this.pioAt(member), value, bytes);
  }

  private pioAt(member: PioMember): bigint {
    return this.world.structures().layout.at('kvm_vcpu', `arch.pio.${member}`);
  }

  msr(at: bigint, member: 'index' | 'data', bytes: 4 | 8): bigint {
    return this.read(at + this.world.structures().layout.at('msr_data', member), bytes);
  }

  setMsr(at: bigint, member: 'index' | 'data' | 'host_initiated', value: bigint, bytes: 1 | 4 | 8): void {
    this.write(at + this.world.structures().layout.at('msr_data', member), value, bytes);
  }

  lastCpu({ address }: KvmVcpu): bigint {
    const at = this.world.structures().layout.at('kvm_vcpu', 'arch.last_vmentry_cpu');
    return this.read(address + at, 4);
  }

  private register(vcpu: bigint, name: keyof typeof KVM_REGISTER): bigint {
    return this.read(this.registerAt(vcpu, name), 8);
  }

  private registerAt(vcpu: bigint, name: keyof typeof KVM_REGISTER): bigint {
    return vcpu + this.world.structures().layout.at('kvm_vcpu', 'arch.regs') + 8n * KVM_REGISTER[name];
  }

  runExit({ run }: KvmVcpu, exit: KvmExitName, fields: Values): void {
    this.write(run + BigInt(KVM_RUN_EXIT_REASON_OFFSET), BigInt(KVM_EXIT[exit]), 4);
    for (const [name, value] of Object.entries(fields)) {
      const { offset, bytes } = KVM_RUN_FIELDS[exit][name];
      this.write(run + BigInt(offset), value, bytes);
    }
  }

  /** What the emulator leaves for userspace where no device of the kernel serves a port. */
  exitIo(vcpu: KvmVcpu, direction: bigint, size: bigint, port: bigint, value: bigint): void {
    this.setPio(vcpu, 'port', BigInt.asUintN(16, port), 4);
    this.setPio(vcpu, 'in', 1n - direction, 4);
    this.setPio(vcpu, 'size', size, 4);
    this.setPio(vcpu, 'count', 1n, 8);
    this.write(vcpu.run + BigInt(KVM_RUN_PIO_DATA_OFFSET), value, length(size));
    const data_offset = BigInt(KVM_RUN_PIO_DATA_OFFSET);
    this.runExit(vcpu, 'IO', { direction, size, port, count: 1n, data_offset });
  }

  *readMsr(vcpu: bigint): Conversation {
    const found = this.vcpuAt(vcpu);
    if (found === undefined) return 1n;
    this.openMsr(found, 0n);
    const { rax: error }: Values = yield this.callBack('tdx_get_msr', [vcpu, found.msr]);
    if (int(error) === 0n) {
      const data = this.msr(found.msr, 'data', 8);
      this.write(this.registerAt(vcpu, 'rax'), int(data), 8);
      this.write(this.registerAt(vcpu, 'rdx'), data >> 32n, 8);
    }
    const { rax }: Values = yield this.callBack('tdx_complete_emulated_msr', [vcpu, int(error)]);
    return rax;
  }

  *writeMsr(vcpu: bigint): Conversation {
    const found = this.vcpuAt(vcpu);
    if (found === undefined) return 1n;
    this.openMsr(found, int(this.register(vcpu, 'rax')) | (int(this.register(vcpu, 'rdx')) << 32n));
    const { rax: error }: Values = yield this.callBack('tdx_set_msr', [vcpu, found.msr]);
    const { rax }: Values = yield this.callBack('tdx_complete_emulated_msr', [vcpu, int(error)]);
    return rax;
  }

  private openMsr({ address, msr }: KvmVcpu, data: bigint): void {
    this.setMsr(msr, 'host_initiated', 0n, 1);
    this.setMsr(msr, 'index', int(this.register(address, 'rcx')), 4);
    this.setMsr(msr, 'data', data, 8);
  }

  private callBack(
    name: (typeof CALLED_BACK)[number],
    parameters: readonly bigint[],
  ): { call: bigint; parameters: readonly bigint[] } {
    return { call: this.addressOf(name), parameters };
  }

  *hypercall(vcpu: bigint, cpl: bigint, complete: bigint): Conversation {
    const found = this.vcpuAt(vcpu);
    const number = this.register(vcpu, 'rax');
    const [a0, a1, a2, a3] = (['rbx', 'rcx', 'rdx', 'rsi'] as const).map((name) => this.register(vcpu, name));
    if (found === undefined) return 1n;
    let result: bigint;
    if (int(cpl) !== 0n) result = negative(1n);
    else if (number === BigInt(KVM_HC_MAP_GPA_RANGE)) {
      const refusal = this.mapRangeError(a0, a1);
      if (refusal === undefined) {
        const fields = { nr: number, 'args[0]': a0, 'args[1]': a1, 'args[2]': a2, ret: 0n };
        this.runExit(found, 'HYPERCALL', { ...fields, flags: BigInt(KVM_EXIT_HYPERCALL_LONG_MODE) });
        const at = this.world.structures().layout.at('kvm_vcpu', 'arch.complete_userspace_io');
        this.write(vcpu + at, complete, 8);
        return 0n;
      }
      result = refusal;
    } else {
      const values = { vcpu: this.world.structures().vcpuAt(vcpu), number, a0, a1, a2, a3 };
      const said: Values = yield { moment: 'call host_kvm_hypercall', values };
      result = said['rax'];
    }
    this.write(found.run + BigInt(KVM_RUN_FIELDS.HYPERCALL['ret'].offset), result, 8);
    return 1n;
  }

  private mapRangeError(gpa: bigint, pages: bigint): bigint | undefined {
    const { kvm, layout } = this.world.structures();
    const served = this.read(kvm + layout.at('kvm', 'arch.hypercall_exit_enabled'), 4);
    if ((served & (1n << BigInt(KVM_HC_MAP_GPA_RANGE))) === 0n) return negative(KVM_ENOSYS);
    const frame = gpa >> PAGE_BITS;
    const isWhole = BigInt.asUintN(Number(PAGE_BITS), gpa) === 0n;
    return isWhole && BigInt.asUintN(64, frame + pages) > frame ? undefined : negative(ERRNO.EINVAL);
  }
}
