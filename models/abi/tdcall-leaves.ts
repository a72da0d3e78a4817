import type { GprName } from './registers.js';

/**
 * The TDCALL leaves. Source: docs/abi/tdcall.md#leaves (intel/tdx-module tag TDX_1.5.01, commit 72d8cff); rows of newer source
 * trees say so. Status names are those in the handler itself; its helpers can add more.
 */
export interface TdcallLeaf {
  /** RAX bits 15:0. */
  readonly leaf: number;
  readonly name: string;
  /** Versions (RAX bits 23:16) that 1.5.01 understands. */
  readonly versions: readonly number[];
  /** Versions of newer modules, where they differ. */
  readonly versionsNewer?: readonly number[];
  /** What the caller passes; a key may be a range of registers. */
  readonly inputs: Readonly<Record<string, string>>;
  /** What the leaf writes beside RAX. Every other register, and all XMM, are preserved (but see leaves 0 and 25). */
  readonly outputs: readonly TdcallOutput[];
  readonly statuses: readonly string[];
  /** Statuses that come out of the handler's helpers (metadata access, locks), as far as read or seen in vectors. */
  readonly helperStatuses?: readonly string[];
  readonly notes: string;
}

/** One register that a leaf may write. */
export interface TdcallOutput {
  readonly register: GprName;
  readonly meaning: string;
  /** The register's value when the handler fails after dispatch: 0, all ones, or `preserved`. */
  readonly onError: 0 | -1 | 'preserved';
  /** The output exists only from this version on. */
  readonly sinceVersion?: number;
  /** The output is written only together with this status. */
  readonly onlyWithStatus?: string;
}

/** RAX at TDCALL; all other bits must be zero. */
export const TDCALL_RAX = {
  /** Bits 15:0. */
  leafMask: 0x0000ffff,
  /** Bits 23:16. */
  versionMask: 0x00ff0000,
  versionShift: 16,
  /** Bits 31:24. */
  reservedLowMask: 0xff000000,
  /** Bits 63:32. */
  reservedHighMask: 0xffffffff,
} as const;

/** Bytes by which RIP advances, on success and on failure alike. */
export const TDCALL_INSTRUCTION_LENGTH = 4;

/** Leaf numbers by name. */
export const TDCALL_LEAF = {
  VP_VMCALL: 0,
  VP_INFO: 1,
  MR_RTMR_EXTEND: 2,
  VP_VEINFO_GET: 3,
  MR_REPORT: 4,
  VP_CPUIDVE_SET: 5,
  MEM_PAGE_ACCEPT: 6,
  VM_RD: 7,
  VM_WR: 8,
  VP_RD: 9,
  VP_WR: 10,
  SYS_RD: 11,
  SYS_RDALL: 12,
  SERVTD_RD: 18,
  SERVTD_WR: 20,
  MR_VERIFYREPORT: 22,
  MEM_PAGE_ATTR_RD: 23,
  MEM_PAGE_ATTR_WR: 24,
  VP_ENTER: 25,
  VP_INVEPT: 26,
  VP_INVVPID: 27,
} as const;

const out = (register: GprName, meaning: string, onError: 0 | -1 | 'preserved' = 'preserved'): TdcallOutput => ({
  register,
  meaning,
  onError,
});

const TARGET_UUID: readonly TdcallOutput[] = (['R10', 'R11', 'R12', 'R13'] as const).map((register) => ({
  register,
  meaning: 'UUID of the target TD',
  onError: 'preserved',
  onlyWithStatus: 'TDX_TARGET_UUID_UPDATED',
}));

const SERVICE_TD_STATUSES = [
  'TDX_SUCCESS',
  'TDX_OPERAND_INVALID',
  'TDX_CROSS_TD_TRAP',
  'TDX_METADATA_FIRST_FIELD_ID_IN_CONTEXT',
  'TDX_OPERAND_BUSY',
  'TDX_SERVTD_INFO_HASH_MISMATCH',
  'TDX_SERVTD_NOT_BOUND',
  'TDX_SERVTD_UUID_MISMATCH',
  'TDX_TARGET_UUID_MISMATCH',
  'TDX_TARGET_UUID_UPDATED',
];

const METADATA_READ_HELPERS = ['TDX_METADATA_FIELD_ID_INCORRECT', 'TDX_METADATA_FIELD_NOT_READABLE'];

const METADATA_WRITE_HELPERS = [
  'TDX_METADATA_FIELD_ID_INCORRECT',
  'TDX_METADATA_FIELD_NOT_WRITABLE',
  'TDX_METADATA_FIELD_VALUE_NOT_VALID',
  'TDX_METADATA_FIELD_CURRENTLY_NOT_WRITABLE',
];

const LOCK_HELPERS = ['TDX_OPERAND_BUSY'];

const METADATA_STATUSES = ['TDX_SUCCESS', 'TDX_OPERAND_INVALID', 'TDX_METADATA_FIRST_FIELD_ID_IN_CONTEXT'];

/** Every TDCALL leaf of module 1.5.01. */
export const TDCALL_LEAVES: readonly TdcallLeaf[] = [
  {
    leaf: TDCALL_LEAF.VP_VMCALL,
    name: 'TDG.VP.VMCALL',
    versions: [0],
    inputs: {
      RCX: 'exposure mask: [15:0] GPR, [31:16] XMM; bits 0, 1, 4 and 63:32 zero; bit 5 zero too with NO_RBP_MOD',
      'masked registers': 'values passed to the host',
    },
    outputs: [],
    statuses: ['TDX_SUCCESS', 'TDX_OPERAND_INVALID'],
    notes:
      'on success control passes to the host; on return RAX=0, RCX unchanged, masked GPR and XMM hold what the host has at re-entry. A bad RCX: RAX=0xC000010000000001, nothing else changes, no host exit',
  },
  {
    leaf: TDCALL_LEAF.VP_INFO,
    name: 'TDG.VP.INFO',
    versions: [0],
    inputs: {},
    outputs: [
      out('RCX', 'GPAW: 48 or 52'),
      out('RDX', 'ATTRIBUTES'),
      out('R8', 'NUM_VCPUS [31:0], MAX_VCPUS [63:32]'),
      out('R9', 'VCPU_INDEX'),
      out('R10', 'bit 0: TDG.SYS.RD available'),
      out('R11', '0'),
    ],
    statuses: ['TDX_SUCCESS', 'TDX_OPERAND_INVALID'],
    notes: 'cannot fail after dispatch',
  },
  {
    leaf: TDCALL_LEAF.MR_RTMR_EXTEND,
    name: 'TDG.MR.RTMR.EXTEND',
    versions: [0],
    inputs: { RCX: '64-byte aligned private GPA of extension data', RDX: 'RTMR index <4' },
    outputs: [],
    statuses: ['TDX_SUCCESS', 'TDX_OPERAND_INVALID'],
    helperStatuses: LOCK_HELPERS,
    notes: 'check order RCX alignment, RCX GPA, RDX',
  },
  {
    leaf: TDCALL_LEAF.VP_VEINFO_GET,
    name: 'TDG.VP.VEINFO.GET',
    versions: [0],
    versionsNewer: [0, 1],
    inputs: {},
    outputs: [
      out('RCX', 'exit reason [31:0] (version 1 of newer modules: category [63:32])', 0),
      out('RDX', 'exit qualification', 0),
      out('R8', 'GLA', 0),
      out('R9', 'GPA', 0),
      out('R10', '[31:0] instruction length, [63:32] instruction information', 0),
    ],
    statuses: ['TDX_SUCCESS', 'TDX_OPERAND_INVALID', 'TDX_NO_VALID_VE_INFO'],
    notes: 'consumes the pending #VE information; with none pending NO_VALID_VE_INFO',
  },
  {
    leaf: TDCALL_LEAF.MR_REPORT,
    name: 'TDG.MR.REPORT',
    versions: [0],
    inputs: {
      RCX: '1024-byte aligned GPA of the report',
      RDX: '64-byte aligned GPA of the report data',
      R8: 'sub type, must be 0',
    },
    outputs: [],
    statuses: ['TDX_SUCCESS', 'TDX_OPERAND_INVALID', 'TDX_NON_RECOVERABLE_TD_CORRUPTED_MD'],
    helperStatuses: LOCK_HELPERS,
    notes: 'interruptible',
  },
  {
    leaf: TDCALL_LEAF.VP_CPUIDVE_SET,
    name: 'TDG.VP.CPUIDVE.SET',
    versions: [0],
    inputs: { RCX: 'bit 0 supervisor, bit 1 user; other bits 0' },
    outputs: [],
    statuses: ['TDX_SUCCESS', 'TDX_OPERAND_INVALID'],
    notes: '',
  },
  {
    leaf: TDCALL_LEAF.MEM_PAGE_ACCEPT,
    name: 'TDG.MEM.PAGE.ACCEPT',
    versions: [0],
    inputs: { RCX: '[2:0] level (0=4K, 1=2M), [51:12] GPA' },
    outputs: [],
    statuses: [
      'TDX_SUCCESS',
      'TDX_OPERAND_INVALID',
      'TDX_OPERAND_BUSY',
      'TDX_PAGE_ALREADY_ACCEPTED',
      'TDX_PAGE_SIZE_MISMATCH',
    ],
    notes: 'interruptible; may cause an EPT-violation TD exit',
  },
  {
    leaf: TDCALL_LEAF.VM_RD,
    name: 'TDG.VM.RD',
    versions: [0, 1],
    inputs: { RCX: '0', RDX: 'field id' },
    outputs: [out('R8', 'value', 0), { ...out('RDX', 'next field id, -1 if none', -1), sinceVersion: 1 }],
    statuses: METADATA_STATUSES,
    helperStatuses: METADATA_READ_HELPERS,
    notes:
      'version 1 with the null id (-1) returns the first id and METADATA_FIRST_FIELD_ID_IN_CONTEXT. The 1.5.01 dispatcher lets ANY version through for leaf 7; a version that the handler does not know gives RDX=-1, R8=0 and OPERAND_INVALID|RAX',
  },
  {
    leaf: TDCALL_LEAF.VM_WR,
    name: 'TDG.VM.WR',
    versions: [0],
    inputs: { RCX: '0', RDX: 'field id', R8: 'value', R9: 'write mask' },
    outputs: [out('R8', 'previous value', 0)],
    statuses: METADATA_STATUSES,
    helperStatuses: METADATA_WRITE_HELPERS,
    notes: '',
  },
  {
    leaf: TDCALL_LEAF.VP_RD,
    name: 'TDG.VP.RD',
    versions: [0],
    inputs: { RCX: '0', RDX: 'field id' },
    outputs: [out('RDX', 'next field id', -1), out('R8', 'value', 0)],
    statuses: METADATA_STATUSES,
    helperStatuses: METADATA_READ_HELPERS,
    notes: 'RCX is examined by the handler, not by the dispatcher',
  },
  {
    leaf: TDCALL_LEAF.VP_WR,
    name: 'TDG.VP.WR',
    versions: [0],
    inputs: { RCX: '0', RDX: 'field id', R8: 'value', R9: 'write mask' },
    outputs: [out('R8', 'previous value', 0)],
    statuses: METADATA_STATUSES,
    helperStatuses: METADATA_WRITE_HELPERS,
    notes: '',
  },
  {
    leaf: TDCALL_LEAF.SYS_RD,
    name: 'TDG.SYS.RD',
    versions: [0],
    inputs: { RDX: 'field id' },
    outputs: [out('RDX', 'next field id', -1), out('R8', 'value', 0)],
    statuses: METADATA_STATUSES,
    helperStatuses: METADATA_READ_HELPERS,
    notes: '',
  },
  {
    leaf: TDCALL_LEAF.SYS_RDALL,
    name: 'TDG.SYS.RDALL',
    versions: [0],
    inputs: { RDX: '4 KiB aligned private GPA of the metadata list', R8: 'first field id or -1' },
    outputs: [out('R8', 'next field id or -1', -1)],
    statuses: ['TDX_SUCCESS', 'TDX_OPERAND_INVALID'],
    helperStatuses: ['TDX_METADATA_FIELD_ID_INCORRECT', 'TDX_METADATA_LIST_OVERFLOW'],
    notes: '',
  },
  {
    leaf: TDCALL_LEAF.SERVTD_RD,
    name: 'TDG.SERVTD.RD',
    versions: [0],
    inputs: { RCX: 'binding handle', RDX: 'field id', 'R10-R13': 'target TD UUID' },
    outputs: [out('RDX', 'next field id', -1), out('R8', 'value', 0), ...TARGET_UUID],
    statuses: SERVICE_TD_STATUSES,
    helperStatuses: METADATA_READ_HELPERS,
    notes: '',
  },
  {
    leaf: TDCALL_LEAF.SERVTD_WR,
    name: 'TDG.SERVTD.WR',
    versions: [0],
    inputs: {
      RCX: 'binding handle',
      RDX: 'field id',
      R8: 'value',
      R9: 'mask',
      'R10-R13': 'target TD UUID',
    },
    outputs: [out('R8', 'previous value', 0), ...TARGET_UUID],
    statuses: SERVICE_TD_STATUSES,
    helperStatuses: METADATA_WRITE_HELPERS,
    notes: '',
  },
  {
    leaf: TDCALL_LEAF.MR_VERIFYREPORT,
    name: 'TDG.MR.VERIFYREPORT',
    versions: [0],
    inputs: { RCX: '256-byte aligned GPA of REPORTMACSTRUCT' },
    outputs: [],
    statuses: ['TDX_SUCCESS', 'TDX_OPERAND_INVALID', 'TDX_INVALID_CPUSVN', 'TDX_INVALID_REPORTMACSTRUCT'],
    notes: 'OPERAND_INVALID|RAX where the platform lacks SEAMVERIFYREPORT',
  },
  {
    leaf: TDCALL_LEAF.MEM_PAGE_ATTR_RD,
    name: 'TDG.MEM.PAGE.ATTR.RD',
    versions: [0],
    inputs: { RCX: 'GPA' },
    outputs: [out('RCX', 'GPA mapping (level, state)', 0), out('RDX', 'page attributes', 0)],
    statuses: ['TDX_SUCCESS', 'TDX_OPERAND_INVALID'],
    helperStatuses: LOCK_HELPERS,
    notes: '',
  },
  {
    leaf: TDCALL_LEAF.MEM_PAGE_ATTR_WR,
    name: 'TDG.MEM.PAGE.ATTR.WR',
    versions: [0],
    inputs: { RCX: 'GPA mapping', RDX: 'attributes', R8: 'attribute write flags' },
    outputs: [out('RCX', 'actual mapping', 0), out('RDX', 'actual attributes', 0)],
    statuses: [
      'TDX_SUCCESS',
      'TDX_OPERAND_INVALID',
      'TDX_L2_SEPT_WALK_FAILED',
      'TDX_PAGE_ATTR_INVALID',
      'TDX_PAGE_SIZE_MISMATCH',
    ],
    helperStatuses: LOCK_HELPERS,
    notes: 'PAGE_ATTR_INVALID is reported with actual values',
  },
  {
    leaf: TDCALL_LEAF.VP_ENTER,
    name: 'TDG.VP.ENTER',
    versions: [0],
    inputs: { RCX: '[1:0] INVEPT flags, [53:52] VM index', RDX: '256-byte aligned GPA of the L2 guest state' },
    outputs: [
      out('RCX', 'exit qualification'),
      out('RDX', 'GLA'),
      out('RBX', '0'),
      out('RBP', 'L2 value, not the caller value'),
      out('RSI', 'CS selector, access rights, limit'),
      out('RDI', 'CS base'),
      out('R8', 'GPA'),
      out('R9', 'interruption information | error code << 32'),
      out('R10', 'IDT-vectoring information | error code << 32'),
      out('R11', 'instruction information | length << 32'),
      out('R12', 'CPL'),
      out('R13', 'extended qualification'),
      out('R14', '0'),
      out('R15', '0'),
    ],
    statuses: ['TDX_SUCCESS', 'TDX_OPERAND_INVALID', 'TDX_PENDING_INTERRUPT', 'TDX_TD_EXIT_BEFORE_L2_ENTRY'],
    notes: "outputs at the exit from L2 to L1, where RAX is status | L2 exit reason; the XMM registers are the L2 VM's",
  },
  {
    leaf: TDCALL_LEAF.VP_INVEPT,
    name: 'TDG.VP.INVEPT',
    versions: [0],
    inputs: { RCX: 'VM mask, bit 0 clear' },
    outputs: [],
    statuses: ['TDX_SUCCESS', 'TDX_OPERAND_INVALID'],
    notes: '',
  },
  {
    leaf: TDCALL_LEAF.VP_INVVPID,
    name: 'TDG.VP.INVVPID',
    versions: [0],
    inputs: { RCX: 'VM index and list flag', RDX: 'entry or list information' },
    outputs: [out('RDX', 'updated when a list is used')],
    statuses: ['TDX_SUCCESS', 'TDX_OPERAND_INVALID', 'TDX_GLA_NOT_CANONICAL'],
    notes: '',
  },
];

/** Leaves of newer source trees. */
export const TDCALL_LEAVES_NEWER = [
  { leaf: 29, name: 'TDG.MR.KEY.GET', where: '1.5 newer (arch f97a493)', notes: 'RCX, RDX, R8 in; R9 out (key bits)' },
  { leaf: 33, name: 'TDG.SERVTD.REBIND.APPROVE', where: 'enum only; dispatch unverified', notes: '' },
  { leaf: 64, name: 'TDG.SPDM.TPA.SET', where: '2.0 (arch 74b9c954)', notes: 'registers not tabulated' },
  { leaf: 65, name: 'TDG.SPDM.TPA.GET', where: '2.0 (arch 74b9c954)', notes: 'registers not tabulated' },
  { leaf: 66, name: 'TDG.DEVIF.VALIDATE', where: '2.0 (arch 74b9c954)', notes: 'registers not tabulated' },
  { leaf: 67, name: 'TDG.DEVIF.RD', where: '2.0 (arch 74b9c954)', notes: 'registers not tabulated' },
  { leaf: 68, name: 'TDG.DEVIF.REQUEST', where: '2.0 (arch 74b9c954)', notes: 'registers not tabulated' },
  { leaf: 69, name: 'TDG.DEVIF.RESPONSE', where: '2.0 (arch 74b9c954)', notes: 'registers not tabulated' },
  { leaf: 70, name: 'TDG.DMAR.ACCEPT', where: '2.0 (arch 74b9c954)', notes: 'registers not tabulated' },
  { leaf: 71, name: 'TDG.MMIO.ACCEPT', where: '2.0 (arch 74b9c954)', notes: 'registers not tabulated' },
  { leaf: 72, name: 'TDG.IQ.INV.REQUEST', where: '2.0 (arch 74b9c954)', notes: 'registers not tabulated' },
] as const;
