/**
 * The TDVMCALL sub-functions (TDG.VP.VMCALL with R10 = 0; R11 is the number). Intel's GHCI text was not available:
 * assembled from Linux 6.16.1 (guest and KVM), QEMU, EDK2, td-shim, MigTD and Intel's tdx-guest (docs/abi/tdvmcall.md#sub-functions). Each
 * row says how far it was checked.
 */
export interface TdvmcallFunction {
  /** R11. */
  readonly number: number;
  readonly name: string;
  /** Register (or layout within one call) to meaning. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
  /** What R10 may be on return. */
  readonly statuses: readonly TdvmcallStatusName[];
  readonly notes: string;
  readonly source: string;
  readonly verification: string;
}

/** R10 on return. GPA_INUSE is not defined by Linux; SUBFUNC_UNSUPPORTED is new (KVM 6.16). */
export const TDVMCALL_STATUS = {
  SUCCESS: 0x00000000_00000000n,
  RETRY: 0x00000000_00000001n,
  INVALID_OPERAND: 0x80000000_00000000n,
  GPA_INUSE: 0x80000000_00000001n,
  ALIGN_ERROR: 0x80000000_00000002n,
  SUBFUNC_UNSUPPORTED: 0x80000000_00000003n,
} as const;

/** Name of an R10 status. */
export type TdvmcallStatusName = keyof typeof TDVMCALL_STATUS;

/** Sub-function numbers by name, for code that wants one. */
export const TDVMCALL = {
  GetTdVmCallInfo: 0x10000,
  MapGPA: 0x10001,
  GetQuote: 0x10002,
  ReportFatalError: 0x10003,
  SetupEventNotifyInterrupt: 0x10004,
  Service: 0x10005,
  MigTD: 0x10006,
  CPUID: 0xa,
  HLT: 0xc,
  IO: 0x1e,
  RDMSR: 0x1f,
  WRMSR: 0x20,
  RequestMMIO: 0x30,
  WBINVD: 0x36,
  PCONFIG: 0x41,
} as const;

/** Every sub-function. */
export const TDVMCALL_FUNCTIONS: readonly TdvmcallFunction[] = [
  {
    number: TDVMCALL.GetTdVmCallInfo,
    name: 'GetTdVmCallInfo',
    inputs: { R12: 'leaf; 0 = all base calls present?, 1 = optional calls bitmap' },
    outputs: {
      R11: 'leaf 0: 0; leaf 1: bitmap of optional subfunctions (bit1 = SetupEventNotifyInterrupt)',
      R12: '0',
      R13: '0',
      R14: '0',
    },
    statuses: ['SUCCESS', 'INVALID_OPERAND'],
    notes: 'leaf 1 bit 0 = GetQuote: unverified. leaves >1: INVALID_OPERAND in KVM/QEMU',
    source: 'KVM 6.16.1 + QEMU + td-shim',
    verification: 'cross-checked in >=2 implementations',
  },
  {
    number: TDVMCALL.MapGPA,
    name: 'MapGPA',
    inputs: { R12: 'start GPA including the shared bit', R13: 'size in bytes' },
    outputs: { R11: 'first GPA not converted (on RETRY and on GPA_INUSE/errors)' },
    statuses: ['SUCCESS', 'RETRY', 'INVALID_OPERAND', 'GPA_INUSE', 'ALIGN_ERROR'],
    notes:
      'INVALID_OPERAND: size 0, wrap-around, address out of range, first and last address differ in the shared bit; ALIGN_ERROR: address or size not 4 KiB aligned; with both, either is acceptable. KVM works in 2 MiB chunks and returns RETRY when interrupted',
    source: 'KVM 6.16.1, EDK2, Linux guest, td-shim',
    verification: 'cross-checked in >=2 implementations',
  },
  {
    number: TDVMCALL.GetQuote,
    name: 'GetQuote',
    inputs: { R12: 'GPA of shared 4K-aligned buffer', R13: 'size, multiple of 4K' },
    outputs: {},
    statuses: ['SUCCESS', 'RETRY', 'INVALID_OPERAND', 'ALIGN_ERROR', 'SUBFUNC_UNSUPPORTED'],
    notes:
      'KVM: private GPA -> INVALID_OPERAND; QEMU: size 0 INVALID_OPERAND, misaligned ALIGN_ERROR, too many outstanding RETRY',
    source: 'KVM, QEMU',
    verification: 'cross-checked in >=2 implementations',
  },
  {
    number: TDVMCALL.ReportFatalError,
    name: 'ReportFatalError',
    inputs: {
      R12: '[31:0] error code, [62:32] extended code, [63] R13 valid',
      R13: 'GPA of extra data page',
      R14: 'message',
      R15: 'message',
      RBX: 'message',
      RDI: 'message',
      RSI: 'message',
      R8: 'message',
      R9: 'message',
      RDX: 'message',
    },
    outputs: {},
    statuses: [],
    notes:
      'never expected to return; message order R14,R15,RBX,RDI,RSI,R8,R9,RDX. Guests must still survive a host that does return',
    source: 'Linux guest tdx_panic, KVM, QEMU',
    verification: 'cross-checked in >=2 implementations',
  },
  {
    number: TDVMCALL.SetupEventNotifyInterrupt,
    name: 'SetupEventNotifyInterrupt',
    inputs: { R12: 'vector 32..255' },
    outputs: {},
    statuses: ['SUCCESS', 'INVALID_OPERAND', 'SUBFUNC_UNSUPPORTED'],
    notes: '',
    source: 'KVM/QEMU, td-shim',
    verification: 'cross-checked in >=2 implementations',
  },
  {
    number: TDVMCALL.Service,
    name: 'Service',
    inputs: {
      R12: 'shared GPA of command buffer',
      R13: 'shared GPA of response buffer',
      R14: 'event vector; 0 = blocking; 1..31 reserved',
      R15: 'timeout (0 = none)',
    },
    outputs: {},
    statuses: ['SUCCESS', 'RETRY', 'INVALID_OPERAND', 'GPA_INUSE', 'ALIGN_ERROR'],
    notes: 'status set beyond SUCCESS is from td-shim/MigTD, not from GHCI text',
    source: 'td-shim/MigTD',
    verification: 'one implementation family',
  },
  {
    number: TDVMCALL.MigTD,
    name: 'MigTD',
    inputs: {
      R12: '[15:0] leaf: 1 WaitForRequest, 2 ReportStatus, 3 Send, 4 Receive; [23:16] API version (1)',
      WaitForRequest: 'R13 length, R14 buffer, R15 vector',
      ReportStatus: 'R13 request id, R14 status, R15 length, RBX buffer, RDI vector',
      'Send/Receive': 'R13 request id, R14 length, R15 buffer, RBX vector',
    },
    outputs: {},
    statuses: ['SUCCESS', 'RETRY', 'INVALID_OPERAND'],
    notes: 'packing as in td-shim HEAD',
    source: 'td-shim/MigTD',
    verification: 'one implementation',
  },
  {
    number: TDVMCALL.CPUID,
    name: 'Instruction.CPUID',
    inputs: { R12: 'EAX leaf', R13: 'ECX subleaf' },
    outputs: { R12: 'EAX', R13: 'EBX', R14: 'ECX', R15: 'EDX' },
    statuses: ['SUCCESS', 'INVALID_OPERAND'],
    notes: '32-bit values; hosts may leave R10 as the guest sent it (KVM does)',
    source: 'Linux, KVM, EDK2, td-shim',
    verification: 'cross-checked in >=2 implementations',
  },
  {
    number: TDVMCALL.HLT,
    name: 'Instruction.HLT',
    inputs: { R12: '1 if interrupts are blocked (guest RFLAGS.IF=0), else 0' },
    outputs: {},
    statuses: ['SUCCESS'],
    notes:
      'two sound disciplines, see docs/abi/tdvmcall.md#hlt-disciplines; with IF=0 and R12=0 a host may wait for an event, so the guest must not lose a wake-up',
    source: 'Linux, KVM, td-shim',
    verification: 'cross-checked in >=2 implementations',
  },
  {
    number: TDVMCALL.IO,
    name: 'Instruction.IO',
    inputs: { R12: 'size 1, 2 or 4', R13: '0 read, 1 write', R14: 'port', R15: 'data (write)' },
    outputs: { R11: 'data (read)' },
    statuses: ['SUCCESS', 'INVALID_OPERAND'],
    notes: 'read data must be truncated to size by the guest',
    source: 'Linux, KVM, td-shim, openvmm',
    verification: 'cross-checked in >=2 implementations',
  },
  {
    number: TDVMCALL.RDMSR,
    name: 'Instruction.RDMSR',
    inputs: { R12: 'MSR index' },
    outputs: { R11: 'value' },
    statuses: ['SUCCESS', 'INVALID_OPERAND'],
    notes: '',
    source: 'Linux, KVM, td-shim',
    verification: 'cross-checked in >=2 implementations',
  },
  {
    number: TDVMCALL.WRMSR,
    name: 'Instruction.WRMSR',
    inputs: { R12: 'MSR index', R13: 'value' },
    outputs: {},
    statuses: ['SUCCESS', 'INVALID_OPERAND'],
    notes: '',
    source: 'Linux, KVM, td-shim',
    verification: 'cross-checked in >=2 implementations',
  },
  {
    number: TDVMCALL.RequestMMIO,
    name: '#VE.RequestMMIO',
    inputs: { R12: 'size 1, 2, 4 or 8', R13: '0 read, 1 write', R14: 'shared GPA', R15: 'data (write)' },
    outputs: { R11: 'data (read)' },
    statuses: ['SUCCESS', 'INVALID_OPERAND'],
    notes: '',
    source: 'Linux, KVM, td-shim',
    verification: 'cross-checked in >=2 implementations',
  },
  {
    number: TDVMCALL.WBINVD,
    name: 'Instruction.WBINVD',
    inputs: { R12: '0 WBINVD, 1 WBNOINVD' },
    outputs: {},
    statuses: ['SUCCESS', 'INVALID_OPERAND'],
    notes: '',
    source: 'guest libraries',
    verification: 'one implementation family',
  },
  {
    number: TDVMCALL.PCONFIG,
    name: 'Instruction.PCONFIG',
    inputs: {},
    outputs: {},
    statuses: ['SUBFUNC_UNSUPPORTED', 'INVALID_OPERAND'],
    notes: 'not handled by KVM; registers unverified',
    source: '',
    verification: 'unverified',
  },
];
