/** A TD with its vCPUs in the memory of the machine, as our own dispatcher has it (layout.ts). */
import { KVM_HC_MAP_GPA_RANGE } from '../../../models/abi/kvm.js';
import type { TdConfiguration } from '../../../models/dispatcher/contract.js';
import type { Values } from '../../../models/exchange/exchange.js';
import type { ProgramStage } from '../../stage/program-stage.js';
import { RUN_SIZE, TD, VCPU } from './layout.js';
import { type VcpuPlaces, VcpuViews } from './views.js';

/** Physical address of the first vCPU's TDVPR page; any page will do. */
const TDVPR = 0x10_0000_0000n;
const PAGE = 0x1000n;

export class Structures extends VcpuViews {
  /** Lays out a TD of which no vCPU has run yet. */
  constructor(
    private readonly memory: ProgramStage,
    { gpaWidth, mapGpaRange }: TdConfiguration,
    vcpus: number,
  ) {
    const td = memory.allocate(TD.size);
    memory.write(td + TD.sharedBit, 1n << BigInt(gpaWidth - 1));
    memory.write(td + TD.userspaceHypercalls, mapGpaRange ? 1n << BigInt(KVM_HC_MAP_GPA_RANGE) : 0n);
    super(
      memory,
      Array.from({ length: vcpus }, (_, index) => layOutVcpu(memory, td, BigInt(index))),
    );
  }

  /** The TD has exited: the stub has stored status and registers. */
  override exit(vcpu: number, values: Values): void {
    this.memory.write(this.address(vcpu) + VCPU.status, values['rax']);
    super.exit(vcpu, values);
  }
}

function layOutVcpu(memory: ProgramStage, td: bigint, index: bigint): VcpuPlaces {
  const address = memory.allocate(VCPU.size);
  const run = memory.allocate(RUN_SIZE);
  memory.write(address + VCPU.run, run);
  memory.write(address + VCPU.td, td);
  memory.write(address + VCPU.tdvpr, TDVPR + index * PAGE);
  memory.write(address + VCPU.completion, 0n, 4);
  memory.write(address + VCPU.cpu, index, 4);
  // The registers stand first.
  return { address, registers: address, run };
}
