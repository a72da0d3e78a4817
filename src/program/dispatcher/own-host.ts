/** Our own dispatcher (corpus/targets/dispatcher) as a host. */
import type { TdConfiguration } from '../../../models/dispatcher/contract.js';
import type { Values } from '../../../models/exchange/exchange.js';
import type { Image } from '../../image/image.js';
import type { ExternalFunctions } from '../../play/call.js';
import { ProgramStage } from '../../stage/program-stage.js';
import type { Host, HostCall } from './host.js';
import { Structures } from './structures.js';
import { answerOf, surroundings } from './surroundings.js';

/** The one positive result that tdx-host.h knows. */
const TO_GUEST = 1n;
const HANDLE_EXIT = 'tdx_handle_exit';
const COMPLETE_USERSPACE = 'tdx_complete_userspace';

export class OwnHost implements Host {
  readonly stage: ProgramStage;
  readonly externals: ExternalFunctions;
  readonly answer = answerOf;
  pendingEvents = 0n;
  private structures: Structures | undefined;

  constructor(image: Image) {
    this.stage = new ProgramStage(image);
    this.externals = surroundings(
      this.stage,
      (address) => this.structures?.vcpuAt(address) ?? 0n,
      () => this.pendingEvents,
    );
  }

  layOut(td: TdConfiguration, vcpus: number): void {
    this.structures = new Structures(this.stage, td, vcpus);
  }

  get td(): Structures {
    if (this.structures === undefined) throw new Error('no TD is laid out');
    return this.structures;
  }

  exit(vcpu: number, values: Values): readonly HostCall[] {
    this.td.exit(vcpu, values);
    return [this.call(HANDLE_EXIT, vcpu)];
  }

  complete(vcpu: number): readonly HostCall[] {
    return [this.call(COMPLETE_USERSPACE, vcpu)];
  }

  private call(symbol: string, vcpu: number): HostCall {
    return { symbol, parameters: [this.td.address(vcpu)] };
  }

  goesToGuest(result: bigint): boolean {
    return result === TO_GUEST;
  }
}
