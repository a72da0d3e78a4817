/** A TD with its vCPUs in the memory of the machine, as the host sees it and as userspace sees it. */
import {
  KVM_EXIT,
  KVM_HC_MAP_GPA_RANGE,
  KVM_RUN_EXIT_REASON_OFFSET,
  KVM_RUN_FIELDS,
  type KvmExitName,
  type KvmRunField,
} from '../../../models/abi/kvm.js';
import type { TdConfiguration } from '../../../models/dispatcher/contract.js';
import { exitMoment, fieldName, GUEST_REGISTERS } from '../../../models/dispatcher/moments.js';
import type { Values } from '../../../models/exchange/exchange.js';
import type { Place } from '../../play/call.js';
import type { Stage } from '../../play/stage.js';
import { ARGUMENT_OFFSET, RUN_SIZE, TD, VCPU } from './layout.js';

/** Physical address of the first vCPU's TDVPR page; any page will do. */
const TDVPR = 0x10_0000_0000n;
const PAGE = 0x1000n;

interface Vcpu {
  readonly address: bigint;
  readonly run: bigint;
  readonly registers: Readonly<Record<string, Place>>;
  /** By the moment of the exit. */
  readonly fields: ReadonlyMap<string, Readonly<Record<string, Place>>>;
}

/** Where values lie, and what they are. */
export interface Shown {
  readonly moment: string;
  readonly values: Values;
  readonly places: Readonly<Record<string, Place>>;
}

export class Structures {
  private readonly vcpus: readonly Vcpu[];

  /** Lays out a TD of which no vCPU has run yet. */
  constructor(
    private readonly stage: Stage,
    { gpaWidth, mapGpaRange }: TdConfiguration,
    vcpus: number,
  ) {
    const td = stage.allocate(TD.size);
    stage.write(td + TD.sharedBit, 1n << BigInt(gpaWidth - 1));
    stage.write(td + TD.userspaceHypercalls, mapGpaRange ? 1n << BigInt(KVM_HC_MAP_GPA_RANGE) : 0n);
    this.vcpus = Array.from({ length: vcpus }, (_, index) => this.layOutVcpu(td, BigInt(index)));
  }

  private layOutVcpu(td: bigint, index: bigint): Vcpu {
    const { stage } = this;
    const address = stage.allocate(VCPU.size);
    const run = stage.allocate(RUN_SIZE);
    stage.write(address + VCPU.run, run);
    stage.write(address + VCPU.td, td);
    stage.write(address + VCPU.tdvpr, TDVPR + index * PAGE);
    stage.write(address + VCPU.completion, 0n, 4);
    const registers = GUEST_REGISTERS.map((name): [string, Place] => [
      name,
      { address: address + ARGUMENT_OFFSET[name], bytes: 8 },
    ]);
    const exits = Object.entries(KVM_RUN_FIELDS) as [KvmExitName, Readonly<Record<string, KvmRunField>>][];
    const fields = exits.map(([exit, members]): [string, Record<string, Place>] => {
      const places = Object.entries(members).map(([name, { offset, bytes }]) => [
        name,
        { address: run + BigInt(offset), bytes },
      ]);
      return [exitMoment(exit), Object.fromEntries(places) as Record<string, Place>];
    });
    return { address, run, registers: Object.fromEntries(registers), fields: new Map(fields) };
  }

  /** What the host passes around as the vCPU. */
  address(vcpu: number): bigint {
    return this.vcpus[vcpu].address;
  }

  /** The vCPU at an address; all ones if there is none. */
  vcpuAt(address: bigint): bigint {
    const index = this.vcpus.findIndex((vcpu) => vcpu.address === address);
    return BigInt.asUintN(64, BigInt(index));
  }

  /** The TD has exited: the stub has stored status and registers. `leftover` is what userspace left in its data. */
  exit(vcpu: number, values: Values): void {
    const { address, fields } = this.vcpus[vcpu];
    this.stage.write(address + VCPU.status, values['rax']);
    this.stage.write(address + ARGUMENT_OFFSET.rcx, values['rcx']);
    for (const register of GUEST_REGISTERS) this.stage.write(address + ARGUMENT_OFFSET[register], values[register]);
    this.put(fields.get(exitMoment('IO'))?.['data'], values['leftover']);
  }

  /** Userspace writes its answer where the last exit asks for it; `meddled` goes to fields that are not its business. */
  userspace(vcpu: number, answer: Values, meddled: bigint): void {
    const moment = this.exitOf(vcpu);
    const fields = this.vcpus[vcpu].fields.get(moment) ?? {};
    if (meddled !== 0n)
      for (const name of ['size', 'len', 'direction', 'is_write', 'nr']) this.put(fields[name], meddled);
    for (const exit of Object.keys(KVM_EXIT) as KvmExitName[]) {
      if (exitMoment(exit) !== moment) continue;
      for (const [name, place] of Object.entries(fields)) {
        const value = answer[fieldName(exit, name)];
        if (value !== undefined) this.put(place, value);
      }
    }
  }

  private put(place: Place | undefined, value: bigint): void {
    if (place !== undefined) this.stage.write(place.address, value, place.bytes);
  }

  /** The guest's registers. */
  registers(vcpu: number): Omit<Shown, 'moment'> {
    return this.show(this.vcpus[vcpu].registers);
  }

  /** The exit that userspace finds. */
  userspaceExit(vcpu: number): Shown {
    const moment = this.exitOf(vcpu);
    return { moment, ...this.show(this.vcpus[vcpu].fields.get(moment) ?? {}) };
  }

  private exitOf(vcpu: number): string {
    const reason = Number(this.stage.read(this.vcpus[vcpu].run + BigInt(KVM_RUN_EXIT_REASON_OFFSET), 4));
    const known = (Object.keys(KVM_EXIT) as KvmExitName[]).find((name) => KVM_EXIT[name] === reason);
    return known === undefined ? `KVM exit ${reason}` : exitMoment(known);
  }

  private show(places: Readonly<Record<string, Place>>): Omit<Shown, 'moment'> {
    const values: Record<string, bigint> = {};
    for (const [name, { address, bytes }] of Object.entries(places)) values[name] = this.stage.read(address, bytes);
    return { values, places };
  }
}
