/**
 * The MSRs that KVM emulates for a TD, and those of them that the guest may only read (docs/abi/kvm-dispatcher.md#msr:
 * `tdx_has_emulated_msr` and `tdx_is_read_only_msr`, read at 7.3.4). Numbers: Intel SDM volume 4; Linux
 * arch/x86/include/asm/msr-index.h and apicdef.h; the KVM one: Linux Documentation/virt/kvm/x86/msr.rst.
 */
export interface MsrRange {
  readonly name: string;
  readonly first: number;
  readonly last: number;
  /** Writes are refused. */
  readonly readOnly?: true;
}

function one(name: string, index: number): MsrRange {
  return { name, first: index, last: index };
}

function readOnly(name: string, index: number): MsrRange {
  return { ...one(name, index), readOnly: true };
}

/** Every MSR that the dispatcher may hand to the emulation; all others are refused. */
export const KVM_TD_EMULATED_MSRS: readonly MsrRange[] = [
  readOnly('IA32_APIC_BASE', 0x1b),
  readOnly('IA32_FEATURE_CONTROL', 0x3a),
  one('IA32_BIOS_SIGN_ID', 0x8b),
  one('PLATFORM_INFO', 0xce),
  one('IA32_MTRRCAP', 0xfe),
  one('IA32_ARCH_CAPABILITIES', 0x10a),
  one('MISC_FEATURES_ENABLES', 0x140),
  { name: 'IA32_MCG_CAP, _STATUS, _CTL', first: 0x179, last: 0x17b },
  one('IA32_MISC_ENABLE', 0x1a0),
  one('IA32_POWER_CTL', 0x1fc),
  { name: 'variable and fixed MTRRs', first: 0x200, last: 0x26f },
  one('IA32_PAT', 0x277),
  { name: 'IA32_MCi_CTL2 of 32 banks', first: 0x280, last: 0x29f },
  one('IA32_MTRR_DEF_TYPE', 0x2ff),
  { name: 'IA32_MCi_CTL, _STATUS, _ADDR, _MISC of 32 banks', first: 0x400, last: 0x47f },
  one('IA32_MCG_EXT_CTL', 0x4d0),
  one('IA32_TSC_DEADLINE', 0x6e0),
  // x2APIC without the registers that the CPU virtualises: TPR, PPR, EOI, ISR, TMR, IRR, SELF IPI.
  { name: 'x2APIC ID, version', first: 0x802, last: 0x803 },
  one('x2APIC LDR', 0x80d),
  one('x2APIC SVR', 0x80f),
  one('x2APIC ESR', 0x828),
  { name: 'x2APIC LVT CMCI, ICR', first: 0x82f, last: 0x830 },
  { name: 'x2APIC LVT, timer counts', first: 0x832, last: 0x839 },
  one('x2APIC DCR', 0x83e),
  readOnly('IA32_EFER', 0xc0000080),
  one('MSR_KVM_POLL_CONTROL', 0x4b564d05),
];
