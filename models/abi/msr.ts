/**
 * The MSRs that KVM emulates for a TD, and those of them that the guest may only read. Which: docs/abi/kvm-dispatcher.md#msr
 * (`tdx_has_emulated_msr`; APIC_BASE, EFER and FEAT_CTL are read-only) and #29; the names of the set were read in the
 * list copy of the patch "KVM: TDX: Implement callbacks for MSR operations for TDX" (v19 111/130). The variable and
 * fixed MTRRs are left out: no text with their range was read. Numbers: Intel SDM volume 4; x2APIC: volume 3, table
 * 10-6; the KVM one: Linux Documentation/virt/kvm/x86/msr.rst.
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
  one('IA32_PAT', 0x277),
  { name: 'IA32_MCi_CTL2 of 32 banks', first: 0x280, last: 0x29f },
  one('IA32_MTRR_DEF_TYPE', 0x2ff),
  { name: 'IA32_MCi_CTL, _STATUS, _ADDR, _MISC of 32 banks', first: 0x400, last: 0x47f },
  one('IA32_MCG_EXT_CTL', 0x4d0),
  one('IA32_TSC_DEADLINE', 0x6e0),
  // x2APIC without the registers that the CPU virtualises: TPR, PPR, EOI, ISR, TMR, IRR, SELF IPI.
  { name: 'x2APIC below TPR', first: 0x800, last: 0x807 },
  one('x2APIC between TPR and PPR', 0x809),
  { name: 'x2APIC between EOI and ISR', first: 0x80c, last: 0x80f },
  { name: 'x2APIC between IRR and SELF IPI', first: 0x828, last: 0x83e },
  { name: 'x2APIC above SELF IPI', first: 0x840, last: 0x8ff },
  readOnly('IA32_EFER', 0xc0000080),
  one('MSR_KVM_POLL_CONTROL', 0x4b564d05),
];
