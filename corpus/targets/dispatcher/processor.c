/* CPUID, HLT and the MSRs. */
#include "tdx-host.h"

int tdx_cpuid(struct tdx_vcpu *vcpu)
{
	struct tdx_module_args *args = &vcpu->vp_enter_args;
	struct cpuid_registers out;

	host_cpuid(vcpu, args->r12, args->r13, &out);
	args->r12 = out.eax;
	args->r13 = out.ebx;
	args->r14 = out.ecx;
	args->r15 = out.edx;
	return tdx_answer(vcpu, STATUS_SUCCESS);
}

int tdx_halt(struct tdx_vcpu *vcpu)
{
	host_halt(vcpu, vcpu->vp_enter_args.r12 != 0);
	return tdx_answer(vcpu, STATUS_SUCCESS);
}

/* The x2APIC registers that the CPU does not virtualise itself. */
static int is_emulated_x2apic(u32 index)
{
	switch (index) {
	case 0x802: /* identifier */
	case 0x803: /* version */
	case 0x80d: /* logical destination */
	case 0x80f: /* spurious interrupt */
	case 0x828: /* error status */
	case 0x82f ... 0x830: /* corrected machine checks; commands to others */
	case 0x832 ... 0x839: /* local vectors; timer counts */
	case 0x83e: /* timer divider */
		return 1;
	default:
		return 0;
	}
}

static int is_read_only(u32 index)
{
	switch (index) {
	case 0x1b: /* APIC base */
	case 0x3a: /* feature control */
	case 0xc0000080: /* EFER */
		return 1;
	default:
		return 0;
	}
}

static int is_emulated(u32 index)
{
	switch (index) {
	case 0x8b: /* microcode revision */
	case 0xce: /* platform information */
	case 0xfe: /* MTRR capabilities */
	case 0x10a: /* architectural capabilities */
	case 0x140: /* miscellaneous features */
	case 0x179 ... 0x17b: /* machine check */
	case 0x1a0: /* miscellaneous enables */
	case 0x1fc: /* power control */
	case 0x200 ... 0x26f: /* MTRRs */
	case 0x277: /* page attributes */
	case 0x280 ... 0x29f: /* machine check: second control of 32 banks */
	case 0x2ff: /* MTRR default type */
	case 0x400 ... 0x47f: /* machine check: 32 banks of four */
	case 0x4d0: /* machine check: extended control */
	case 0x6e0: /* TSC deadline */
	case 0x4b564d05: /* KVM: poll control */
		return 1;
	case 0x800 ... 0x8ff:
		return is_emulated_x2apic(index);
	default:
		return is_read_only(index);
	}
}

int tdx_read_msr(struct tdx_vcpu *vcpu)
{
	u32 index = vcpu->vp_enter_args.r12;
	u64 value;

	if (!is_emulated(index) || host_get_msr(vcpu, index, &value))
		return tdx_answer(vcpu, STATUS_INVALID_OPERAND);
	vcpu->vp_enter_args.r11 = value;
	return tdx_answer(vcpu, STATUS_SUCCESS);
}

int tdx_write_msr(struct tdx_vcpu *vcpu)
{
	u32 index = vcpu->vp_enter_args.r12;

	if (!is_emulated(index) || is_read_only(index) || host_set_msr(vcpu, index, vcpu->vp_enter_args.r13))
		return tdx_answer(vcpu, STATUS_INVALID_OPERAND);
	return tdx_answer(vcpu, STATUS_SUCCESS);
}
