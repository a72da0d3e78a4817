/* The sub-functions that userspace serves. */
#include "tdx-host.h"

#define FIRST_VECTOR 32
#define LAST_VECTOR 255

int tdx_report_fatal_error(struct tdx_vcpu *vcpu)
{
	const struct tdx_module_args *args = &vcpu->vp_enter_args;
	u64 *data = vcpu->run->system_event.data;

	vcpu->run->system_event.type = SYSTEM_EVENT_TDX_FATAL;
	vcpu->run->system_event.ndata = 16;
	data[0] = vcpu->vp_enter_ret;
	data[1] = args->rcx;
	data[2] = args->rdx;
	data[3] = args->rbx;
	data[4] = 0; /* RSP and RBP are not shared */
	data[5] = 0;
	data[6] = args->rsi;
	data[7] = args->rdi;
	data[8] = args->r8;
	data[9] = args->r9;
	data[10] = args->r10;
	data[11] = args->r11;
	data[12] = args->r12;
	data[13] = args->r13;
	data[14] = args->r14;
	data[15] = args->r15;
	return tdx_exit_to_userspace(vcpu, KVM_EXIT_SYSTEM_EVENT, COMPLETE_NOTHING);
}

/* A TDVMCALL goes to userspace as what it is. Until userspace says otherwise, nobody serves it. */
static int exit_tdx(struct tdx_vcpu *vcpu, enum completion completion)
{
	vcpu->run->tdx.flags = 0;
	vcpu->run->tdx.nr = vcpu->vp_enter_args.r11;
	vcpu->run->tdx.ret = STATUS_SUBFUNC_UNSUPPORTED;
	return tdx_exit_to_userspace(vcpu, KVM_EXIT_TDX, completion);
}

int tdx_complete_tdx(struct tdx_vcpu *vcpu)
{
	return tdx_answer(vcpu, vcpu->run->tdx.ret);
}

int tdx_get_information(struct tdx_vcpu *vcpu)
{
	struct tdx_module_args *args = &vcpu->vp_enter_args;
	struct kvm_run *run = vcpu->run;

	switch (args->r12) {
	case 0:
		/* All calls that every host must serve are there. */
		args->r11 = 0;
		args->r12 = 0;
		args->r13 = 0;
		args->r14 = 0;
		return tdx_answer(vcpu, STATUS_SUCCESS);
	case 1:
		run->tdx.get_tdvmcall_info.leaf = args->r12;
		run->tdx.get_tdvmcall_info.r11 = 0;
		run->tdx.get_tdvmcall_info.r12 = 0;
		run->tdx.get_tdvmcall_info.r13 = 0;
		run->tdx.get_tdvmcall_info.r14 = 0;
		return exit_tdx(vcpu, COMPLETE_INFORMATION);
	default:
		return tdx_answer(vcpu, STATUS_INVALID_OPERAND);
	}
}

int tdx_complete_information(struct tdx_vcpu *vcpu)
{
	struct tdx_module_args *args = &vcpu->vp_enter_args;
	const struct kvm_run *run = vcpu->run;

	args->r11 = run->tdx.get_tdvmcall_info.r11;
	args->r12 = run->tdx.get_tdvmcall_info.r12;
	args->r13 = run->tdx.get_tdvmcall_info.r13;
	args->r14 = run->tdx.get_tdvmcall_info.r14;
	return tdx_complete_tdx(vcpu);
}

int tdx_get_quote(struct tdx_vcpu *vcpu)
{
	u64 gpa = vcpu->vp_enter_args.r12;

	/* The host can neither read nor write a private buffer. */
	if (!tdx_is_shared(vcpu->td, gpa))
		return tdx_answer(vcpu, STATUS_INVALID_OPERAND);
	vcpu->run->tdx.get_quote.gpa = gpa & ~vcpu->td->shared_bit;
	vcpu->run->tdx.get_quote.size = vcpu->vp_enter_args.r13;
	return exit_tdx(vcpu, COMPLETE_TDX);
}

int tdx_setup_event_notify(struct tdx_vcpu *vcpu)
{
	u64 vector = vcpu->vp_enter_args.r12;

	if (vector < FIRST_VECTOR || vector > LAST_VECTOR)
		return tdx_answer(vcpu, STATUS_INVALID_OPERAND);
	vcpu->run->tdx.setup_event_notify.vector = vector;
	return exit_tdx(vcpu, COMPLETE_TDX);
}
