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
	vcpu->run->internal.ndata = 2;
	vcpu->run->internal.data[0] = vcpu->vp_enter_ret;
	vcpu->run->internal.data[1] = vcpu->cpu;
	return tdx_exit_to_userspace(vcpu, KVM_EXIT_INTERNAL_ERROR, COMPLETE_NOTHING);
}

static int failed_entry(struct tdx_vcpu *vcpu)
{
	vcpu->run->fail_entry.hardware_entry_failure_reason = (u32)vcpu->vp_enter_ret;
	vcpu->run->fail_entry.cpu = vcpu->cpu;
	return tdx_exit_to_userspace(vcpu, KVM_EXIT_FAIL_ENTRY, COMPLETE_NOTHING);
}

#define INFORMATION_VALID (1u << 31)
#define INFORMATION_TYPE 0x700u
#define TYPE_NMI 0x200u
#define TYPE_HARDWARE 0x300u
#define VECTOR_MACHINE_CHECK 18

/* R9 says which. The host has had its NMI and its machine check by now; nothing else may reach the host. */
static int exception_or_nmi(struct tdx_vcpu *vcpu)
{
	u32 information = vcpu->vp_enter_args.r9;
	u32 type = information & INFORMATION_TYPE;
	u32 vector = information & 0xff;

	if (information & INFORMATION_VALID) {
		if (type == TYPE_NMI || (type == TYPE_HARDWARE && vector == VECTOR_MACHINE_CHECK))
			return TO_GUEST;
	}
	vcpu->run->ex.exception = vector;
	vcpu->run->ex.error_code = 0;
	return tdx_exit_to_userspace(vcpu, KVM_EXIT_EXCEPTION, COMPLETE_NOTHING);
}

/* The guest let no event through for too long; RCX says whether it can go on. */
static int notify(struct tdx_vcpu *vcpu)
{
	if (!(vcpu->vp_enter_args.rcx & 1))
		return TO_GUEST;
	vcpu->run->notify.flags = NOTIFY_CONTEXT_INVALID;
	return tdx_exit_to_userspace(vcpu, KVM_EXIT_NOTIFY, COMPLETE_NOTHING);
}

/* Qualification of an EPT violation. */
#define ACCESS_WRITE 2ul
#define ACCESS_FETCH 4ul
#define MAPPED_PERMISSIONS 0x78ul
/* Type of the extended one: the page waits for the guest to accept it. */
#define EXTENDED_TYPE 0xful
#define TYPE_PENDING 6ul

static int ept_violation(struct tdx_vcpu *vcpu)
{
	const struct tdx_module_args *args = &vcpu->vp_enter_args;
	u64 qualification = args->rcx;

	if (tdx_is_shared(vcpu->td, args->r8)) {
		/* No guest can run code from there. */
		if (qualification & ACCESS_FETCH)
			goto hopeless;
		return host_ept_violation(vcpu, args->r8, qualification);
	}
	if ((args->rdx & EXTENDED_TYPE) == TYPE_PENDING && !(qualification & MAPPED_PERMISSIONS))
		goto hopeless;
	/* Private memory is always the guest's to write to: a page that is shared by copies would have to be moved. */
	return host_ept_violation(vcpu, args->r8, ACCESS_WRITE);

hopeless:
	host_vm_bugged(vcpu);
	return -EIO;
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

int tdx_serve_exit(struct tdx_vcpu *vcpu)
{
	const u64 status = vcpu->vp_enter_ret;
	/* Bits 31:16 modify the reason, a bus lock for one; they do not make it another. */
	u32 reason = status & 0xffff;

	/* The module keeps such a misconfiguration to itself. */
	if (status == EXIT_EPT_MISCONFIG) {
		host_vm_bugged(vcpu);
		return -EIO;
	}
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
	if (status & ENTRY_FAILED)
		return failed_entry(vcpu);
	if (reason == EXIT_TRIPLE_FAULT)
		return tdx_exit_to_userspace(vcpu, KVM_EXIT_SHUTDOWN, COMPLETE_NOTHING);
	if (status & (TDX_ERROR | TDX_NON_RECOVERABLE))
		return unexpected_exit(vcpu);

	switch (reason) {
	case EXIT_TDCALL:
		return serve_tdvmcall(vcpu);
	case EXIT_EXCEPTION_OR_NMI:
		return exception_or_nmi(vcpu);
	case EXIT_EXTERNAL_INTERRUPT:
	case EXIT_OTHER_SMI:
	case EXIT_BUS_LOCK:
		return TO_GUEST;
	case EXIT_EPT_VIOLATION:
		return ept_violation(vcpu);
	case EXIT_NOTIFY:
		return notify(vcpu);
	default:
		return unexpected_exit(vcpu);
	}
}

#define MODIFIERS 0xffff0000ul

static int has_bus_lock(u64 status)
{
	if (!carries_exit_reason(status))
		return 0;
	return status & BUS_LOCK_DETECTED || (status & ~MODIFIERS) == EXIT_BUS_LOCK;
}

int tdx_handle_exit(struct tdx_vcpu *vcpu)
{
	u64 status = vcpu->vp_enter_ret;
	int result;

	if (!has_bus_lock(status))
		return tdx_serve_exit(vcpu);
	vcpu->run->flags |= RUN_BUS_LOCK;
	result = tdx_serve_exit(vcpu);
	if (result != TO_GUEST)
		return result;
	/* Userspace may slow down who locks the bus. */
	return tdx_exit_to_userspace(vcpu, KVM_EXIT_X86_BUS_LOCK, COMPLETE_NOTHING);
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
