import { statusHigh } from '../abi/status.js';

/**
 * What becomes of a VM exit of the TD other than a TDCALL, by basic exit reason, module 1.5.01 (docs/abi/seamcall.md#exit-reasons):
 * handled in the module and back into the TD, or TDH.VP.ENTER ends with a status for the host.
 */

/** How an asynchronous exit ends. */
export interface AsyncExit {
  /** `to_td`: the host never sees it. `to_host`: TDH.VP.ENTER returns. `stops`: the module itself stops. */
  readonly ends: 'to_td' | 'to_host' | 'stops';
  /** Name of the status; details level 2 is the exit reason. Only where it goes to the host. */
  readonly status: string;
  /** What the next TDH.VP.ENTER meets: `undefined` if it resumes the TD, else the name of its status. */
  readonly reentryStatus: string | undefined;
  /** Bytes by which the guest's RIP advances. */
  readonly ripDelta: number;
}

/** What the processor says of an exit, as the host gets it (docs/abi/seamcall.md#exit-reasons). */
export interface ExitInformation {
  /** ATTRIBUTES.DEBUG. */
  readonly debug: boolean;
  /** Exit qualification, bits 31:0: RCX. */
  readonly qualification: number;
  /** Guest physical address, 64 bits: R8. */
  readonly gpa: bigint;
  /** Interruption information, bits 31:0: R9. */
  readonly interruption: number;
}

/** One way in which an exit reason may end. */
export interface AsyncExitCase {
  /** When it does: the name of the rule, for people. */
  readonly when: string;
  /** Whether it does. Undefined where that depends on what the host is not told. */
  readonly applies: (information: ExitInformation) => boolean | undefined;
  readonly exit: AsyncExit;
}

/** An exit reason: the first case that applies is the one. */
export interface AsyncExitRow {
  readonly reason: number;
  readonly cases: readonly AsyncExitCase[];
}

const TO_TD: AsyncExit = { ends: 'to_td', status: '', reentryStatus: undefined, ripDelta: 0 };
/** Seen in debug TDs; what was two bytes long is not recorded. */
const TO_TD_BEHIND_INSTRUCTION: AsyncExit = { ...TO_TD, ripDelta: 2 };
const STOPS: AsyncExit = { ends: 'stops', status: '', reentryStatus: undefined, ripDelta: 0 };
/** Status = reason. */
const TO_HOST: AsyncExit = { ends: 'to_host', status: 'TDX_SUCCESS', reentryStatus: undefined, ripDelta: 0 };
const VCPU_IS_LOST: AsyncExit = {
  ...TO_HOST,
  status: 'TDX_NON_RECOVERABLE_VCPU',
  reentryStatus: 'TDX_VCPU_STATE_INCORRECT',
};
const TD_IS_LOST: AsyncExit = { ...TO_HOST, status: 'TDX_NON_RECOVERABLE_TD', reentryStatus: 'TDX_TD_FATAL' };
const TD_IS_NOT_ACCESSIBLE: AsyncExit = { ...TD_IS_LOST, status: 'TDX_NON_RECOVERABLE_TD_NON_ACCESSIBLE' };

const always = (exit: AsyncExit): AsyncExitCase => ({ when: 'always', applies: () => true, exit });
const inDebugTd = (exit: AsyncExit): AsyncExitCase => ({ when: 'debug TD', applies: ({ debug }) => debug, exit });
const otherwise = (exit: AsyncExit, when = 'otherwise'): AsyncExitCase => ({ when, applies: () => true, exit });

function rows(reasons: readonly number[], ...cases: readonly AsyncExitCase[]): AsyncExitRow[] {
  return reasons.map((reason) => ({ reason, cases }));
}

/** Interruption information: vector in bits 7:0, type in bits 10:8 (Intel SDM volume 3, VM-exit interruption information). */
const NMI_TYPE = 2;
const MACHINE_CHECK = 18;
/** Exit qualification of a control-register access: register in bits 3:0, kind in bits 5:4 (Intel SDM volume 3). */
const CR_ACCESS = { moveTo: 0, lmsw: 3 } as const;
/** GPA.SHARED of a TD with 52 bits, as the recorded one. */
const SHARED_BIT = 1n << 51n;

const isBitSet = ({ qualification }: ExitInformation): boolean => (qualification & 1) !== 0;
const crAccess = ({ qualification }: ExitInformation): number => (qualification >>> 4) & 3;
const isMoveToCr0OrCr4 = (information: ExitInformation): boolean =>
  crAccess(information) === CR_ACCESS.moveTo && [0, 4].includes(information.qualification & 15);

const table: readonly AsyncExitRow[] = [
  ...rows([8], always(TO_TD_BEHIND_INSTRUCTION)),
  ...rows([10, 11, 12, 13, 15, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 30, 31, 32], always(TO_TD)),
  ...rows([36, 39, 50, 53, 54, 55, 56, 59, 60, 65, 70, 72, 73, 76], always(TO_TD)),
  ...rows([1, 3, 9, 42, 74], always(TO_HOST)),
  ...rows([2], always(VCPU_IS_LOST)),
  ...rows(
    [4, 5, 7, 14, 16, 29, 33, 34, 35, 37, 38, 40, 41, 43, 44, 45, 46, 47, 51, 52],
    inDebugTd(TO_HOST),
    otherwise(TD_IS_LOST),
  ),
  ...rows([57, 58, 61, 63, 64, 66, 67, 68, 69, 71, 78, 79], inDebugTd(TO_HOST), otherwise(TD_IS_LOST)),
  ...rows([62], inDebugTd(TO_HOST), otherwise(STOPS)),
  ...rows(
    [0],
    {
      when: 'NMI',
      applies: ({ interruption }) => ((interruption >>> 8) & 7) === NMI_TYPE,
      exit: TO_HOST,
    },
    {
      when: 'machine check',
      applies: ({ interruption }) => (interruption & 0xff) === MACHINE_CHECK,
      exit: TD_IS_NOT_ACCESSIBLE,
    },
    { ...inDebugTd(TO_HOST), when: 'another exception, debug TD' },
    otherwise(STOPS, 'another exception'),
  ),
  ...rows(
    [6],
    { when: 'SMI for a machine check', applies: isBitSet, exit: TD_IS_NOT_ACCESSIBLE },
    otherwise(TO_HOST, 'another SMI'),
  ),
  ...rows(
    [28],
    { when: 'LMSW', applies: (information) => crAccess(information) === CR_ACCESS.lmsw, exit: TO_TD },
    {
      when: 'a legal MOV to CR0 or CR4',
      // Whether the value is legal is told nobody.
      applies: (information) => (isMoveToCr0OrCr4(information) ? undefined : false),
      exit: TO_TD,
    },
    inDebugTd(TO_HOST),
    otherwise(TD_IS_LOST),
  ),
  ...rows([48], always(TO_HOST)),
  ...rows(
    [49],
    { when: 'shared GPA', applies: ({ gpa }) => (gpa & SHARED_BIT) !== 0n, exit: TO_HOST },
    otherwise(STOPS, 'private GPA'),
  ),
  ...rows(
    [75],
    { when: 'VM context invalid', applies: isBitSet, exit: TD_IS_LOST },
    otherwise(TO_HOST, 'VM context valid'),
  ),
];

/** The exit reasons that the model knows: all below 80 but TDCALL (77). */
export const ASYNC_EXITS: ReadonlyMap<number, AsyncExitRow> = new Map(table.map((row) => [row.reason, row]));

/** RAX bits 63:32 (signed) of TDH.VP.ENTER after this exit; bits 31:0 are the exit reason. */
export function asyncStatusHigh(exit: AsyncExit): number {
  return statusHigh(exit.status) | 0;
}

/**
 * The case of an exit that went to the host, which is told what decides it.
 *
 * @returns undefined where it stays in the TD, or the module stops
 */
export function exitToHost({ cases }: AsyncExitRow, information: ExitInformation): AsyncExitCase | undefined {
  // What the host sees was no legal MOV.
  const found = cases.find(({ applies }) => applies(information) === true);
  return found?.exit.ends === 'to_host' ? found : undefined;
}

/** The case of an exit that stayed in the TD: of what decides it nothing is known then, but for the TD. */
export function exitToTd({ cases }: AsyncExitRow): AsyncExitCase | undefined {
  return cases.find(({ exit }) => exit.ends === 'to_td');
}
