/* What an exit of the TD asks for, and who serves it. */
#include "tdx-host.h"

/* Whether the lower half of a status word is an exit reason. */
static int carries_exit_reason(u64 status)
{
	switch (status & TDX_STATUS_MASK) {
	case STATUS_SUCCESS:
	case TDX_NON_RECOVERABLE_VCPU:
	case TDX_NON_RECOVERABLE_TD:
	case TDX_NON_RECOVERABLE_TD_NON_ACCESSIBLE:
	case TDX_NON_RECOVERABLE_TD_WRONG_APIC_MODE:
		return 1;
	default:
		return 0;
	}
}

static int unexpected_exit(struct tdx_vcpu *vcpu)
{
	vcpu->run->internal.suberror = UNEXPECTED_EXIT_REASON;
	vcpu->run->internal.ndata = 1;
	vcpu->run->internal.data[0] = vcpu->vp_enter_ret;
	return tdx_exit_to_userspace(vcpu, KVM_EXIT_INTERNAL_ERROR, COMPLETE_NOTHING);
}

static int serve_tdvmcall(struct tdx_vcpu *vcpu)
{
	/* R10 names the vendor of a call that is not one of the standard's. */
	if (vcpu->vp_enter_args.r10)
		return tdx_serve_kvm_hypercall(vcpu);

	switch (vcpu->vp_enter_args.r11) {
	case TDVMCALL_CPUID:
		return tdx_cpuid(vcpu);
	case TDVMCALL_HLT:
		return tdx_halt(vcpu);
	case TDVMCALL_IO:
		return tdx_port_io(vcpu);
	case TDVMCALL_RDMSR:
		return tdx_read_msr(vcpu);
	case TDVMCALL_WRMSR:
		return tdx_write_msr(vcpu);
	case TDVMCALL_MMIO:
		return tdx_mmio(vcpu);
	case TDVMCALL_GET_TD_VM_CALL_INFO:
		return tdx_get_information(vcpu);
	case TDVMCALL_MAP_GPA:
		return tdx_serve_map_gpa(vcpu);
	case TDVMCALL_GET_QUOTE:
		return tdx_get_quote(vcpu);
	case TDVMCALL_REPORT_FATAL_ERROR:
		return tdx_report_fatal_error(vcpu);
	case TDVMCALL_SETUP_EVENT_NOTIFY_INTERRUPT:
		return tdx_setup_event_notify(vcpu);
	default:
		return tdx_answer(vcpu, STATUS_SUBFUNC_UNSUPPORTED);
	}
}

int tdx_handle_exit(struct tdx_vcpu *vcpu)
{
	u64 status = vcpu->vp_enter_ret;
	/* Bits 31:16 modify the reason, a bus lock for one; they do not make it another. */
	u32 reason = status & 0xffff;

	/* The instruction itself failed: the module was not there. */
	if ((status & TDX_SW_ERROR) == TDX_SW_ERROR) {
		host_vm_bugged(vcpu);
		return unexpected_exit(vcpu);
	}
	/* The module was at work for someone else: the guest has not run. */
	if ((status & TDX_STATUS_MASK) == TDX_OPERAND_BUSY)
		return TO_GUEST;
	if (!carries_exit_reason(status))
		return unexpected_exit(vcpu);
	if (reason == EXIT_TRIPLE_FAULT)
		return tdx_exit_to_userspace(vcpu, KVM_EXIT_SHUTDOWN, COMPLETE_NOTHING);
	if (status & (TDX_ERROR | TDX_NON_RECOVERABLE))
		return unexpected_exit(vcpu);

	switch (reason) {
	case EXIT_TDCALL:
		return serve_tdvmcall(vcpu);
	case EXIT_EXTERNAL_INTERRUPT:
		return TO_GUEST;
	case EXIT_EPT_VIOLATION:
		return host_ept_violation(vcpu, vcpu->vp_enter_args.r8, vcpu->vp_enter_args.rcx);
	case EXIT_EPT_MISCONFIG:
		/* The module keeps such a misconfiguration to itself. */
		host_vm_bugged(vcpu);
		return unexpected_exit(vcpu);
	default:
		return unexpected_exit(vcpu);
	}
}

int tdx_complete_userspace(struct tdx_vcpu *vcpu)
{
	u32 completion = vcpu->completion;

	vcpu->completion = COMPLETE_NOTHING;
	switch (completion) {
	case COMPLETE_PORT_READ:
		return tdx_complete_port_read(vcpu);
	case COMPLETE_MMIO_READ:
		return tdx_complete_mmio_read(vcpu);
	case COMPLETE_MAP_GPA:
		return tdx_complete_map_gpa(vcpu);
	case COMPLETE_TDX:
		return tdx_complete_tdx(vcpu);
	case COMPLETE_INFORMATION:
		return tdx_complete_information(vcpu);
	case COMPLETE_HYPERCALL:
		return tdx_complete_hypercall(vcpu);
	default:
		return TO_GUEST;
	}
}
