/* KVM's own hypercalls: R10 number, R11 to R14 arguments, result in R10. */
#include "tdx-host.h"

static int map_gpa_range(struct tdx_vcpu *vcpu)
{
	const struct tdx_module_args *args = &vcpu->vp_enter_args;
	struct kvm_run *run = vcpu->run;
	u64 gpa = args->r11;
	u64 pages = args->r12;
	u64 frame = gpa >> PAGE_SHIFT;

	if (!(vcpu->td->userspace_hypercalls >> HC_MAP_GPA_RANGE & 1))
		return tdx_answer(vcpu, -(u64)KVM_ENOSYS);
	if (gpa & (PAGE_SIZE - 1) || frame + pages <= frame)
		return tdx_answer(vcpu, -(u64)EINVAL);

	run->hypercall.nr = HC_MAP_GPA_RANGE;
	run->hypercall.args[0] = gpa;
	run->hypercall.args[1] = pages;
	run->hypercall.args[2] = args->r13;
	run->hypercall.ret = 0;
	run->hypercall.flags = HYPERCALL_LONG_MODE;
	return tdx_exit_to_userspace(vcpu, KVM_EXIT_HYPERCALL, COMPLETE_HYPERCALL);
}

int tdx_serve_kvm_hypercall(struct tdx_vcpu *vcpu)
{
	const struct tdx_module_args *args = &vcpu->vp_enter_args;

	if (args->r10 == HC_MAP_GPA_RANGE)
		return map_gpa_range(vcpu);
	return tdx_answer(vcpu, host_kvm_hypercall(vcpu, args->r10, args->r11, args->r12, args->r13, args->r14));
}

int tdx_complete_hypercall(struct tdx_vcpu *vcpu)
{
	return tdx_answer(vcpu, vcpu->run->hypercall.ret);
}
