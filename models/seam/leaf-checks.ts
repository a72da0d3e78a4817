import { GPR } from '../abi/registers.js';
import type { SeamcallLeaf } from '../abi/seamcall-leaves.js';
import { SYSTEM_STATE, type SystemState, VP_ENTER_RCX } from '../abi/seamcall.js';
import { versionPasses } from './dispatch.js';
import type { CheckResult, LeafCheck, SeamcallInputs } from './leaf-rule.js';

/**
 * The checks of each SEAMCALL handler of module 1.5.01, in the handler's order, up to the first that needs state a call
 * does not show (PAMT, locks, the TD).
 *
 * The first operand is the one that docs/abi/seamcall.md#leaves saw refused. That it is the address of a page was read in
 * intel/tdx-module (commit 1666adc, a later tree) for leaves 3, 11, 13, 23, 24, 41, 64, 65, 73, and so were the checks of
 * leaves 9, 31, 32, 34, 35, 40, 44, 53; for the other leaves it is inferred. Recorded calls agree.
 */

const PAGE_ALIGNMENT = 4096;
/** TDSYSINFO_STRUCT. */
const SYS_INFO_ALIGNMENT = 1024;
/** TDH.PHYMEM.CACHE.WB: 0 starts, 1 resumes. */
const LAST_CACHE_COMMAND = 1;

type PageOperand = 'RCX' | 'RDX';

const low = (call: SeamcallInputs, register: PageOperand): number => call.registers[2 * GPR[register]];
const high = (call: SeamcallInputs, register: PageOperand): number => call.registers[2 * GPR[register] + 1];
const failIf = (fails: boolean): CheckResult => (fails ? 'fails' : 'passes');

function aligned(register: PageOperand, bytes: number): LeafCheck {
  return {
    rule: `${register} is aligned to ${bytes} bytes`,
    check: (call) => failIf((low(call, register) & (bytes - 1)) !== 0),
    status: 'TDX_OPERAND_INVALID',
    operand: register,
  };
}

/** Key id bits lie below MAXPA; how many there are is not part of the configuration. */
function belowMaxPa(register: PageOperand, ignoredHigh = 0): LeafCheck {
  return {
    rule: `${register} is below MAXPA`,
    check: (call) => failIf((high(call, register) & ~ignoredHigh) >>> (call.config.maxPhysicalAddressBits - 32) !== 0),
    status: 'TDX_OPERAND_INVALID',
    operand: register,
  };
}

function inTdmr(register: PageOperand, ignoredHigh = 0): LeafCheck {
  return {
    rule: `${register} is in a TDMR`,
    check: (call) => {
      const [lowest, lowestHigh] = call.config.lowestTdmr;
      const upper = high(call, register) & ~ignoredHigh;
      const below = upper < lowestHigh || (upper === lowestHigh && low(call, register) >>> 0 < lowest);
      return below ? 'fails' : 'unrecorded';
    },
    status: 'TDX_OPERAND_ADDR_RANGE_ERROR',
    operand: register,
  };
}

/** The register names a private page: a TDR, a TDVPR, or the page that the leaf works on. */
function privatePage(register: PageOperand): LeafCheck[] {
  return [aligned(register, PAGE_ALIGNMENT), belowMaxPa(register), inTdmr(register)];
}

function stateIs(name: keyof typeof SYSTEM_STATE, status: string): LeafCheck {
  const wanted: SystemState = SYSTEM_STATE[name];
  return { rule: `the module is in state ${name}`, check: ({ state }) => failIf(state !== wanted), status };
}

const lpIsInitialised: LeafCheck = {
  rule: 'the logical processor is initialised',
  check: ({ config }) => failIf(!config.lpInitialised),
  status: 'TDX_SYS_LP_INIT_NOT_DONE',
};

const lpIsNotInitialised: LeafCheck = {
  rule: 'the logical processor is not yet initialised',
  check: ({ config }) => failIf(config.lpInitialised),
  status: 'TDX_SYS_LP_INIT_DONE',
};

const versionIsKnown: LeafCheck = {
  rule: 'the version is 0 or 1',
  check: ({ version }) => failIf(version > 1),
  status: 'TDX_OPERAND_INVALID',
  operand: 'RAX',
};

/** The leaves whose first check is not a page. */
const OTHER_CHECKS: Readonly<Record<string, readonly LeafCheck[]>> = {
  'TDH.VP.ENTER': [
    {
      rule: 'RCX bits 11:0 and 63:54 are zero',
      check: (call) =>
        failIf(
          (low(call, 'RCX') & VP_ENTER_RCX.reservedLowMask) !== 0 ||
            (high(call, 'RCX') & VP_ENTER_RCX.reservedHighMask) !== 0,
        ),
      status: 'TDX_OPERAND_INVALID',
      operand: 'RCX',
    },
    belowMaxPa('RCX', VP_ENTER_RCX.flagsHighMask),
    inTdmr('RCX', VP_ENTER_RCX.flagsHighMask),
  ],
  'TDH.MNG.CREATE': [
    {
      rule: 'RDX is a key id of 16 bits',
      check: (call) => failIf(low(call, 'RDX') >>> 16 !== 0 || high(call, 'RDX') !== 0),
      status: 'TDX_OPERAND_INVALID',
      operand: 'RDX',
    },
  ],
  'TDH.MNG.KEY.RECLAIMID': [],
  'TDH.SYS.KEY.CONFIG': [stateIs('SYSCONFIG_DONE', 'TDX_SYS_KEY_CONFIG_NOT_PENDING')],
  'TDH.SYS.INFO': [lpIsInitialised, aligned('RCX', SYS_INFO_ALIGNMENT), belowMaxPa('RCX')],
  'TDH.SYS.INIT': [],
  'TDH.SYS.RD': [lpIsInitialised],
  'TDH.SYS.LP.INIT': [stateIs('SYSINIT_DONE', 'TDX_SYS_LP_INIT_NOT_PENDING'), lpIsNotInitialised],
  'TDH.SYS.TDMR.INIT': [],
  'TDH.SYS.RDALL': [],
  'TDH.PHYMEM.CACHE.WB': [
    {
      rule: 'RCX is a command',
      check: (call) => failIf(high(call, 'RCX') !== 0 || low(call, 'RCX') >>> 0 > LAST_CACHE_COMMAND),
      status: 'TDX_OPERAND_INVALID',
      operand: 'RCX',
    },
  ],
  'TDH.SYS.LP.SHUTDOWN': [],
  'TDH.SYS.CONFIG': [stateIs('SYSINIT_DONE', 'TDX_SYS_CONFIG_NOT_PENDING')],
  'TDH.SYS.SHUTDOWN': [],
  'TDH.SYS.UPDATE': [stateIs('SYSINIT_DONE', 'TDX_SYS_STATE_INCORRECT')],
};

/** The leaves that always succeed in 1.5.01 (docs/abi/seamcall.md#leaves; TDH.SYS.LP.SHUTDOWN is kept for old hosts). */
export const ALWAYS_SUCCEED: ReadonlySet<string> = new Set(['TDH.MNG.KEY.RECLAIMID', 'TDH.SYS.LP.SHUTDOWN']);

/**
 * The checks of one leaf, first to last.
 *
 * @throws Error for a leaf whose observed error names no page operand and that has no checks of its own: a hole in the
 *   table.
 */
export function checksOf(row: SeamcallLeaf): readonly LeafCheck[] {
  const other = OTHER_CHECKS[row.name];
  if (other !== undefined) return other;
  const operand = Number((row.operandError?.status ?? 0n) & 0xffffffffn);
  if (operand !== GPR.RCX && operand !== GPR.RDX) throw new Error(`no checks are known for ${row.name}`);
  const page = privatePage(operand === GPR.RCX ? 'RCX' : 'RDX');
  return versionPasses(row.leaf, 1) ? [versionIsKnown, ...page] : page;
}
