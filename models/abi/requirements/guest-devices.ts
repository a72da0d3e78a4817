/** What a Linux guest emulates by asking its host: port I/O, MMIO, MSRs, CPUID. */
import type { Requirement } from './requirement.js';

const IO = 'port-io-width';
const MMIO = 'mmio-width';
const HANDLE_IO = ['helper-7.3/handle_io'];
const HANDLE_MMIO = ['helper-7.3/handle_mmio'];
const VIRT_EXCEPTION = ['helper-7.3/tdx_handle_virt_exception'];

export const GUEST_DEVICE_REQUIREMENTS: readonly Requirement[] = [
  {
    id: 'io.request',
    statement: 'Port I/O asks with the size in R12, the direction in R13 and all 16 bits of the port in R14.',
    source: [
      'docs/abi/tdvmcall.md#instructionio',
      'docs/abi/linux-helpers.md#handle_io',
      'docs/abi/linux-stubs.md#the-rfc-of-2021',
    ],
    standing: 'cross-checked',
    checks: [{ property: IO, slots: ['TDVMCALL.r12', 'TDVMCALL.r13', 'TDVMCALL.r14'] }],
  },
  {
    id: 'io.out-shows-width',
    statement: 'OUT shows the host exactly the bytes of the access, and not one bit more of RAX.',
    source: ['docs/abi/linux-fixes.md#0f63e656b1c6', 'docs/abi/linux-helpers.md#handle_out'],
    standing: 'patch read',
    checks: [
      { property: IO, slots: ['TDVMCALL.r15'], targets: HANDLE_IO },
      { property: IO, slots: ['TDVMCALL.r15'], targets: ['helper-7.3/tdx_io_out', 'helper-rfc-2021/tdx_out?'] },
    ],
  },
  {
    id: 'io.in-hides-rax',
    statement: 'IN passes no value to the host: R15 is 0.',
    source: ['docs/abi/linux-helpers.md#handle_in'],
    standing: 'read in source',
    checks: [{ property: IO, slots: ['TDVMCALL.r15'], targets: ['helper-7.3/tdx_io_in', 'helper-rfc-2021/tdx_in?'] }],
  },
  {
    id: 'io.in-takes-width',
    statement:
      'IN of 1 or 2 bytes changes those of RAX alone, IN of 4 zero-extends: the host gets no bit more into RAX.',
    source: [
      'docs/abi/linux-fixes.md#0f63e656b1c6',
      'docs/abi/linux-fixes.md#941370fc93cc',
      'docs/abi/hardening.md#sized-results',
    ],
    standing: 'patch read',
    checks: [
      { property: IO, slots: ['return.regs.ax'], targets: HANDLE_IO },
      { property: IO, slots: ['return.rax'], targets: ['helper-7.3/tdx_io_in', 'helper-rfc-2021/tdx_in?'] },
    ],
  },
  {
    id: 'io.refusal',
    statement:
      'A port access that the host refuses is an error or reads all ones, and never what the host left in R11.',
    source: ['docs/abi/linux-helpers.md#handle_in'],
    standing: 'read in source',
    checks: [{ property: IO, slots: ['return.*'], cases: 'the host refuses' }],
  },
  {
    id: 'io.string-refused',
    statement: 'INS and OUTS are not emulated: an error, and no TDVMCALL.',
    source: ['docs/abi/linux-helpers.md#handle_io'],
    standing: 'read in source',
    checks: [{ property: IO, slots: ['TDVMCALL', 'return'], targets: HANDLE_IO, cases: 'refused without a call' }],
  },
  {
    id: 'mmio.request',
    statement: 'MMIO asks with the size in R12, the direction in R13 and the GPA in R14.',
    source: ['docs/abi/tdvmcall.md#verequestmmio', 'docs/abi/linux-helpers.md#handle_mmio'],
    standing: 'cross-checked',
    checks: [{ property: MMIO, slots: ['TDVMCALL.r12', 'TDVMCALL.r13', 'TDVMCALL.r14'] }],
  },
  {
    id: 'mmio.read-leaks-nothing',
    statement: 'A read passes 0 in R15: nothing of the stack reaches the host.',
    source: ['docs/abi/linux-fixes.md#b6fb565a2d15'],
    standing: 'patch read',
    checks: [
      { property: MMIO, slots: ['TDVMCALL.r15'], targets: HANDLE_MMIO, cases: 'instruction: read' },
      { property: MMIO, slots: ['TDVMCALL.r15'], targets: HANDLE_MMIO, cases: 'instruction: readZeroExtend' },
    ],
  },
  {
    id: 'mmio.write-shows-width',
    statement: 'A write shows the host the bytes that the instruction writes.',
    source: ['docs/abi/linux-helpers.md#handle_mmio'],
    standing: 'read in source',
    checks: [{ property: MMIO, slots: ['TDVMCALL.r15'], targets: HANDLE_MMIO, cases: 'instruction: write' }],
  },
  {
    id: 'mmio.mov',
    statement: 'MOV of 1 or 2 bytes merges them into the register, MOV of 4 bytes zero-extends.',
    source: ['docs/abi/linux-helpers.md#handle_mmio'],
    standing: 'read in source',
    checks: [{ property: MMIO, slots: ['return.operand'], targets: HANDLE_MMIO, cases: 'instruction: read' }],
  },
  {
    id: 'mmio.movzx',
    statement: 'MOVZX fills the operand’s width with zeros.',
    source: ['docs/abi/linux-helpers.md#handle_mmio'],
    standing: 'read in source',
    checks: [{ property: MMIO, slots: ['return.operand'], targets: HANDLE_MMIO, cases: 'instruction: readZeroExtend' }],
  },
  {
    id: 'mmio.movsx',
    statement: 'MOVSX fills the operand’s width with bit 7 or bit 15 of what was read.',
    source: ['docs/abi/linux-helpers.md#handle_mmio'],
    standing: 'read in source',
    checks: [{ property: MMIO, slots: ['return.operand'], targets: HANDLE_MMIO, cases: 'instruction: readSignExtend' }],
  },
  {
    id: 'mmio.movs-refused',
    statement: 'MOVS and what cannot be decoded are errors, without a TDVMCALL.',
    source: ['docs/abi/linux-helpers.md#handle_mmio'],
    standing: 'read in source',
    checks: [
      { property: MMIO, slots: ['TDVMCALL', 'return'], targets: HANDLE_MMIO, cases: 'instruction: string' },
      { property: MMIO, slots: ['TDVMCALL', 'return'], targets: HANDLE_MMIO, cases: 'instruction: undecodable' },
    ],
  },
  {
    id: 'mmio.user-mode-refused',
    statement: 'MMIO of user mode is not emulated.',
    source: ['docs/abi/linux-helpers.md#handle_mmio'],
    standing: 'read in source',
    checks: [{ property: MMIO, slots: ['TDVMCALL', 'return'], targets: HANDLE_MMIO, cases: 'user mode' }],
  },
  {
    id: 'mmio.user-address-refused',
    statement: 'A user address in the hands of the kernel is not emulated as MMIO.',
    source: ['docs/abi/linux-fixes.md#d4fc4d014715'],
    standing: 'patch read',
    checks: [{ property: MMIO, slots: ['TDVMCALL', 'return'], targets: HANDLE_MMIO, cases: 'a user address' }],
  },
  {
    id: 'mmio.page-split-refused',
    statement: 'An access across two pages is an error, without a TDVMCALL.',
    source: ['docs/abi/linux-fixes.md#1e7769653b06'],
    standing: 'subject only',
    checks: [{ property: MMIO, slots: ['TDVMCALL', 'return'], targets: HANDLE_MMIO, cases: 'an access across pages' }],
  },
  {
    id: 'mmio.private-page-stops',
    statement: 'An EPT violation on a private page stops the guest: the host took away what was accepted.',
    source: ['docs/abi/linux-helpers.md#handle_mmio'],
    standing: 'read in source',
    checks: [{ property: 'advances-rip', slots: ['stop'], targets: VIRT_EXCEPTION, having: { 'step.ve.private': 1n } }],
  },
  {
    id: 'msr.read',
    statement: 'RDMSR asks with the index in R12, and EDX:EAX get the halves of R11, zero-extended.',
    source: ['docs/abi/tdvmcall.md#instructionrdmsr', 'docs/abi/linux-helpers.md#read_msr'],
    standing: 'cross-checked',
    checks: [
      {
        property: 'msr-halves',
        slots: ['TDVMCALL.r12', 'return.regs.ax', 'return.regs.dx'],
        targets: ['helper-7.3/read_msr'],
      },
    ],
  },
  {
    id: 'msr.write',
    statement: 'WRMSR asks with the index in R12 and EDX:EAX in R13, without the upper halves of RDX and RAX.',
    source: ['docs/abi/tdvmcall.md#instructionwrmsr', 'docs/abi/linux-helpers.md#write_msr'],
    standing: 'cross-checked',
    checks: [{ property: 'msr-halves', slots: ['TDVMCALL.r12', 'TDVMCALL.r13'], targets: ['helper-7.3/write_msr'] }],
  },
  {
    id: 'msr.refusal',
    statement: 'An MSR that the host refuses is an error for the guest.',
    source: ['docs/abi/tdvmcall.md#instructionrdmsr', 'docs/abi/tdvmcall.md#instructionwrmsr'],
    standing: 'cross-checked',
    checks: [{ property: 'msr-halves', slots: ['return.rax'], cases: 'the host refuses' }],
  },
  {
    id: 'cpuid.request',
    statement: 'CPUID asks with the leaf in R12 and the sub-leaf in R13, 32 bits each.',
    source: ['docs/abi/tdvmcall.md#instructioncpuid', 'docs/abi/linux-helpers.md#handle_cpuid'],
    standing: 'cross-checked',
    checks: [{ property: 'cpuid-width', slots: ['TDVMCALL.r12', 'TDVMCALL.r13'] }],
  },
  {
    id: 'cpuid.range',
    statement:
      'Only leaves 0x40000000 to 0x4FFFFFFF are the host’s to answer: of others the guest reads zeros, unasked.',
    source: ['docs/abi/linux-helpers.md#handle_cpuid'],
    standing: 'read in source',
    checks: [
      { property: 'cpuid-width', slots: ['TDVMCALL', 'return.regs.?x'], cases: 'a leaf that is not the host’s' },
    ],
  },
  {
    id: 'cpuid.results',
    statement: 'EAX, EBX, ECX and EDX come from R12 to R15, and the upper halves of their registers are 0.',
    source: [
      'docs/abi/linux-helpers.md#handle_cpuid',
      'docs/abi/tdvmcall.md#instructioncpuid',
      'docs/abi/hardening.md#sized-results',
    ],
    standing: 'cross-checked',
    checks: [{ property: 'cpuid-width', slots: ['return.regs.?x'], cases: 'the host agrees' }],
  },
];
