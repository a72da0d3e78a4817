import type { ContractSet } from '../contract.js';
import type { ProgramContract } from '../program-contract.js';

const SOURCE = 'docs/abi/linux-helpers.md#frame-of-a-helper; docs/abi/tdvmcall.md#sub-functions';

/** A contract of each helper: symbol -> program. */
function helpers(
  programs: Readonly<Record<string, string>>,
  rest: Omit<ProgramContract, 'symbol' | 'program'>,
): Record<string, ProgramContract> {
  return Object.fromEntries(
    Object.entries(programs).map(([symbol, program]) => [symbol, { symbol, program, ...rest }]),
  );
}

/** Symbols that helpers have had since v6.7, in the versions that have them. */
const HYPERCALLS = {
  _tdx_hypercall: 'helper-hypercall',
  tdx_kvm_hypercall: 'helper-kvm-hypercall',
  hv_tdx_hypercall: 'helper-hyper-v-hypercall',
  tdx_hcall_get_quote: 'helper-get-quote',
} as const;
const HANDLERS = {
  handle_io: 'helper-handle-io',
  handle_mmio: 'helper-handle-mmio',
  read_msr: 'helper-read-msr',
  write_msr: 'helper-write-msr',
  handle_cpuid: 'helper-handle-cpuid',
  handle_halt: 'helper-handle-halt',
  __halt: 'helper-halt',
  tdx_safe_halt: 'helper-safe-halt',
  tdx_handle_virt_exception: 'helper-virt-exception',
  tdx_get_ve_info: 'helper-get-ve-info',
  tdx_map_gpa: 'helper-map-gpa',
  tdx_accept_memory: 'helper-accept-memory',
  tdx_mcall_get_report0: 'helper-get-report0',
  // Parts of the handlers, where a compiler leaves them functions of their own.
  handle_in: 'helper-handle-in',
  handle_out: 'helper-handle-out',
  mmio_read: 'helper-mmio-read',
  mmio_write: 'helper-mmio-write',
  tdx_early_handle_ve: 'helper-early-exception',
} as const;
const SINCE_6_7 = { ...HYPERCALLS, ...HANDLERS } as const;

const OF_7_3 = {
  source: SOURCE,
  options: { mapGpaStalls: 3, haltDiscipline: 'if-after', reportErrors: 'linux-6.16' },
} as const;

/**
 * The guest's helpers as Linux v7.3.4 has them (docs/abi/linux-helpers.md). Widths and upper halves are the architecture's:
 * where that kernel differs, it is the kernel that is wrong.
 */
export const LINUX_HELPERS_7_3: ContractSet = {
  name: 'linux-helpers-7.3',
  title: 'Linux guest helpers, v7.3 (port I/O, MMIO, MSR, CPUID, HLT, MapGPA, reports)',
  // What these contracts leave to the version came with 6.15 and 6.16 (docs/abi/linux-helpers.md#versions-of-the-helpers).
  evidence: { stubs: 'linux-6.7', kernel: { from: [6, 16] }, symbol: 'tdx_mcall_extend_rtmr' },
  contracts: {},
  programs: {
    ...helpers(
      {
        ...HYPERCALLS,
        tdx_io_in: 'helper-io-in',
        tdx_io_out: 'helper-io-out',
        ...HANDLERS,
        tdx_mcall_extend_rtmr: 'helper-extend-rtmr',
      },
      OF_7_3,
    ),
    ...helpers({ tdx_panic: 'helper-fatal-error' }, { ...OF_7_3, neverReturns: true }),
  },
};

/** A kernel says itself which it is; of an object that does not, nobody knows which of the older sets it follows. */
const BY_VERSION = 'linux_banner';

const VERSIONS = `${SOURCE}; docs/abi/linux-helpers.md#versions-of-the-helpers`;

/** What v6.15 has: the rules of IF, and still the first error numbers. */
export const LINUX_HELPERS_6_15: ContractSet = {
  name: 'linux-helpers-6.15',
  title: 'Linux guest helpers, v6.15 (halts as v7.3, error numbers as v6.2)',
  evidence: { stubs: 'linux-6.7', kernel: { from: [6, 15], before: [6, 16] }, symbol: BY_VERSION },
  contracts: {},
  programs: helpers(SINCE_6_7, {
    source: VERSIONS,
    options: { mapGpaStalls: 3, haltDiscipline: 'if-after', reportErrors: 'linux-6.2' },
  }),
};

const TO_6_14 = { haltDiscipline: 'if-open', haltWithInterrupts: 'told', reportErrors: 'linux-6.2' } as const;

/** v6.7 to v6.14 and their stable updates, of which some set IF behind the idle loop's halt and some leave it. */
export const LINUX_HELPERS_6_7: ContractSet = {
  name: 'linux-helpers-6.7',
  title: 'Linux guest helpers, v6.7 to v6.14 (HLT with any IF, MapGPA retried, the first error numbers)',
  evidence: { stubs: 'linux-6.7', kernel: { from: [6, 7], before: [6, 15] }, symbol: BY_VERSION },
  contracts: {},
  programs: helpers(SINCE_6_7, { source: VERSIONS, options: { ...TO_6_14, mapGpaStalls: 3 } }),
};

/** v6.3 to v6.6: MapGPA is asked once. */
export const LINUX_HELPERS_6_3: ContractSet = {
  name: 'linux-helpers-6.3',
  title: 'Linux guest helpers, v6.3 to v6.6 (HLT with any IF, MapGPA asked once, the first error numbers)',
  evidence: { kernel: { from: [6, 3], before: [6, 7] }, symbol: BY_VERSION },
  contracts: {},
  programs: helpers(SINCE_6_7, { source: VERSIONS, options: { ...TO_6_14, mapGpaStalls: 0 } }),
};

/**
 * Helpers of v5.19 to v6.2 that are unlike the later ones: the idle loop's halt, with STI in the stub right before
 * TDCALL (a failed TDCALL ends in UD2), and the report, which came with v6.2 and its error numbers.
 */
export const LINUX_HELPERS_5_19: ContractSet = {
  name: 'linux-helpers-5.19',
  title: 'Linux guest helpers, v5.19 to v6.2 (the halt with STI in the shadow, the first error numbers)',
  evidence: { stubs: 'linux-5.19', kernel: { from: [5, 19], before: [6, 3] } },
  contracts: {},
  programs: {
    ...helpers(
      { tdx_safe_halt: 'helper-safe-halt' },
      {
        source: `${SOURCE}; docs/abi/tdvmcall.md#hlt-disciplines`,
        options: { mask: 'r10-r15', failure: 'trap', haltDiscipline: 'sti-shadow' },
      },
    ),
    ...helpers(
      { tdx_mcall_get_report0: 'helper-get-report0' },
      { source: SOURCE, options: { reportErrors: 'linux-6.2' } },
    ),
  },
};

/** Port I/O on the stub that was discussed in 2021 (docs/abi/linux-stubs.md#the-rfc-of-2021). */
export const LINUX_HELPERS_RFC_2021: ContractSet = {
  name: 'linux-helpers-rfc-2021',
  title: 'Linux guest helpers as proposed in 2021 (port I/O by width)',
  evidence: { stubs: 'linux-rfc-2021' },
  contracts: {},
  programs: helpers(
    Object.fromEntries(['inb', 'inw', 'inl', 'outb', 'outw', 'outl'].map((name) => [`tdx_${name}`, `helper-${name}`])),
    {
      source:
        'docs/abi/linux-stubs.md#the-rfc-of-2021; docs/abi/mailing-lists.md#port-io-2021; docs/abi/tdvmcall.md#instructionio',
      options: { mask: 'r10-r15', failure: 'trap' },
    },
  ),
};
