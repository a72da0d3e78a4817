/** What a dispatcher's program needs to know of a host: where its state lies, how it is entered, and what stands around it. */
import type { TdConfiguration } from '../../../models/dispatcher/contract.js';
import type { Exchange, Values } from '../../../models/exchange/exchange.js';
import type { Call, ExternalFunctions } from '../../play/call.js';
import type { ProgramStage } from '../../stage/program-stage.js';
import type { VcpuViews } from './views.js';

/** One call of the code under test, in a machine in which all is laid out. */
export type HostCall = Pick<Call, 'symbol' | 'address' | 'parameters' | 'back'>;

/** A way to put the state of a story into memory, to run the code under test on it, and to read what it made of it. */
export interface Host {
  readonly stage: ProgramStage;
  readonly externals: ExternalFunctions;
  /** The TD that was laid out last: what is read of its vCPUs, and what userspace writes. */
  readonly td: VcpuViews;
  /** Lays out a TD of which no vCPU has run yet, in place of the one before. */
  layOut(td: TdConfiguration, vcpus: number): void;
  /** Whether an event waits for the vCPU that runs now, 1 or 0. */
  pendingEvents: bigint;
  /** The TD has exited: calls one after the other, of which the last one's result is that of the exit. */
  exit(vcpu: number, values: Values): readonly HostCall[];
  /** Userspace calls KVM_RUN again; none if nothing is left to complete. */
  complete(vcpu: number): readonly HostCall[];
  /** Whether a call of the code under test says with this result, an int, that the guest goes on. */
  goesToGuest(result: bigint): boolean;
  /** What a step says to a call; what it does not name is 0. */
  answer(exchange: Exchange, values: Values): Values;
}
