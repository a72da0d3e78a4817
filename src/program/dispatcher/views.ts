/**
 * What a host shows of its vCPUs, wherever its structures lie: the guest's registers (`struct tdx_module_args`) and the exit
 * that userspace finds (`struct kvm_run`).
 */
import {
  KVM_EXIT,
  KVM_RUN_EXIT_REASON_OFFSET,
  KVM_RUN_FIELDS,
  type KvmExitName,
  type KvmRunField,
} from '../../../models/abi/kvm.js';
import { EXPOSED_REGISTERS } from '../../../models/abi/linux-constants.js';
import { exitMoment, fieldName } from '../../../models/dispatcher/moments.js';
import type { Values } from '../../../models/exchange/exchange.js';
import { highHalf, lowHalf, writeHalves } from '../../halves.js';
import { Layout, makeRoom, type NamedWords } from '../../named-words.js';
import type { Place, ProgramStage } from '../../stage/program-stage.js';
import { ARGUMENT_OFFSET } from './layout.js';

type Places = Readonly<Record<string, Place>>;

/** Fields that are shown together, and how. */
interface Shape {
  readonly layout: Layout;
  readonly places: Places;
  readonly fields: readonly { readonly low: number; readonly high: number; readonly place: Place }[];
}

function shapeOf(layout: Layout, places: Places): Shape {
  const fields = layout.names.map((name) => {
    const place = places[name];
    return { low: lowHalf(place.address), high: highHalf(place.address), place };
  });
  return { layout, places, fields };
}

const REGISTERS = new Layout(EXPOSED_REGISTERS);
const FIELDS = Object.fromEntries(
  (Object.keys(KVM_EXIT) as KvmExitName[]).map((exit) => [exit, new Layout(Object.keys(KVM_RUN_FIELDS[exit]))]),
) as Record<KvmExitName, Layout>;
const NO_FIELDS = shapeOf(new Layout([]), {});

const EXITS = Object.keys(KVM_EXIT) as KvmExitName[];

const MOMENTS = Object.fromEntries(EXITS.map((exit) => [exit, exitMoment(exit)])) as Record<KvmExitName, string>;

/** Fields that userspace is never asked to write. */
const NOT_ASKED = ['size', 'len', 'direction', 'is_write', 'nr'];

/** A field of an exit, and under which name userspace writes it. */
interface Writable {
  readonly name: string;
  readonly field: string;
  readonly asked: boolean;
}

function writable(exit: KvmExitName): Writable[] {
  const names = Object.keys(KVM_RUN_FIELDS[exit]);
  return names.map((name) => ({ name, field: fieldName(exit, name), asked: !NOT_ASKED.includes(name) }));
}

const WRITABLE = new Map(EXITS.map((exit) => [exit, writable(exit)]));

/** Where a vCPU's parts lie. */
export interface VcpuPlaces {
  /** What the host passes around as the vCPU. */
  readonly address: bigint;
  /** `struct tdx_module_args` */
  readonly registers: bigint;
  /** `struct kvm_run` */
  readonly run: bigint;
}

interface Vcpu extends Omit<VcpuPlaces, 'registers'> {
  /** Of `struct tdx_module_args`. */
  readonly first: bigint;
  readonly registers: Shape;
  /** Fields of `struct kvm_run`. */
  readonly fields: Readonly<Record<KvmExitName, Places>>;
  readonly exits: Readonly<Record<KvmExitName, Shape>>;
}

/** Where values lie, and what they are. */
export interface Shown {
  readonly moment: string;
  readonly values: NamedWords;
  readonly places: Places;
}

/** A story lays out the same structures at the same addresses as the one before: they are described once. */
const described = new Map<bigint, Vcpu>();

function describe({ address, registers: first, run }: VcpuPlaces): Vcpu {
  const known = described.get(address);
  if (known?.run === run && known.first === first) return known;
  const registers = EXPOSED_REGISTERS.map((name): [string, Place] => [
    name,
    { address: first + ARGUMENT_OFFSET[name], bytes: 8 },
  ]);
  const fields = EXITS.map((exit) => [exit, runPlaces(run, KVM_RUN_FIELDS[exit])] as const);
  const exits = fields.map(([exit, places]) => [exit, shapeOf(FIELDS[exit], places)]);
  const vcpu: Vcpu = {
    address,
    run,
    first,
    registers: shapeOf(REGISTERS, Object.fromEntries(registers)),
    fields: Object.fromEntries(fields) as Vcpu['fields'],
    exits: Object.fromEntries(exits) as Vcpu['exits'],
  };
  described.set(address, vcpu);
  return vcpu;
}

function runPlaces(run: bigint, fields: Readonly<Record<string, KvmRunField>>): Places {
  const places = Object.entries(fields).map(([name, { offset, bytes }]): [string, Place] => [
    name,
    { address: run + BigInt(offset), bytes },
  ]);
  return Object.fromEntries(places);
}

/** The vCPUs of a TD. */
export class VcpuViews {
  private readonly vcpus: readonly Vcpu[];

  constructor(
    private readonly stage: ProgramStage,
    places: readonly VcpuPlaces[],
  ) {
    this.vcpus = places.map((place) => describe(place));
  }

  address(vcpu: number): bigint {
    return this.vcpus[vcpu].address;
  }

  run(vcpu: number): bigint {
    return this.vcpus[vcpu].run;
  }

  /** The vCPU at an address; all ones if there is none. */
  vcpuAt(address: bigint): bigint {
    const index = this.vcpus.findIndex((vcpu) => vcpu.address === address);
    return BigInt.asUintN(64, BigInt(index));
  }

  /** Behind TDH.VP.ENTER: what the TD shares, and RCX. `leftover` is what userspace left in its data. */
  exit(vcpu: number, values: Values): void {
    const { first, registers } = this.vcpus[vcpu];
    this.stage.write(first + ARGUMENT_OFFSET.rcx, values['rcx']);
    const { layout, fields: places } = registers;
    for (let index = 0; index < places.length; index++)
      this.stage.writeAt(
        places[index].place.address,
        places[index].low,
        places[index].high,
        values[layout.names[index]],
      );
    this.leave(vcpu, values['leftover']);
  }

  /** What userspace left in its data. */
  leave(vcpu: number, leftover: bigint): void {
    this.put(this.vcpus[vcpu].fields.IO['data'], leftover);
  }

  /** Userspace writes its answer where the last exit asks for it; `meddled` goes to fields that are not its business. */
  userspace(vcpu: number, answer: Values, meddled: bigint): void {
    const exit = this.exitOf(vcpu);
    if (exit === undefined) return;
    const places = this.vcpus[vcpu].fields[exit];
    for (const { name, field, asked } of WRITABLE.get(exit) ?? []) {
      if (meddled !== 0n && !asked) this.put(places[name], meddled);
      const value = answer[field];
      if (value !== undefined) this.put(places[name], value);
    }
  }

  private put({ address, bytes }: Place, value: bigint): void {
    this.stage.write(address, value, bytes);
  }

  /** The guest's registers. */
  registers(vcpu: number): Omit<Shown, 'moment'> {
    return this.show(this.vcpus[vcpu].registers);
  }

  /** The exit that userspace finds. */
  userspaceExit(vcpu: number): Shown {
    const exit = this.exitOf(vcpu);
    if (exit === undefined) return { moment: `KVM exit ${this.reasonOf(vcpu)}`, ...this.show(NO_FIELDS) };
    return { moment: MOMENTS[exit], ...this.show(this.vcpus[vcpu].exits[exit]) };
  }

  private exitOf(vcpu: number): KvmExitName | undefined {
    const reason = this.reasonOf(vcpu);
    return EXITS.find((name) => KVM_EXIT[name] === reason);
  }

  private reasonOf(vcpu: number): number {
    return Number(this.stage.read(this.vcpus[vcpu].run + BigInt(KVM_RUN_EXIT_REASON_OFFSET), 4));
  }

  private show({ layout, fields, places }: Shape): Omit<Shown, 'moment'> {
    const { machine } = this.stage;
    const values = makeRoom(layout);
    const { words } = values;
    let to = values.at;
    for (const { low, high, place } of fields) {
      // Not mapped: the stage says so.
      if (place.bytes !== 8 || !machine.peek64(low, high)) {
        writeHalves(words, to, this.stage.read(place.address, place.bytes));
      } else {
        words[to] = machine.peekLow;
        words[to + 1] = machine.peekHigh;
      }
      to += 2;
    }
    return { values, places };
  }
}
