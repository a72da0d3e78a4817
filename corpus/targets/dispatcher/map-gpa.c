/* MapGPA: R12 first GPA, R13 size. Userspace converts the range chunk by chunk. */
#include "tdx-host.h"

/* A guest with a long range must get its interrupts in between. */
#define CHUNK 0x200000ul

/* Every vCPU converts a range of its own. */
static struct conversion *conversion_of(struct tdx_vcpu *vcpu)
{
	return &vcpu->map_gpa;
}

/* The guest learns in R11 where the conversion stopped. */
static int stop_at(struct tdx_vcpu *vcpu, u64 gpa, u64 status)
{
	vcpu->vp_enter_args.r11 = gpa;
	return tdx_answer(vcpu, status);
}

static int next_chunk(struct tdx_vcpu *vcpu)
{
	struct tdx_td *td = vcpu->td;
	struct kvm_run *run = vcpu->run;
	u64 gpa = conversion_of(vcpu)->next;
	u64 left = conversion_of(vcpu)->end - gpa;
	u64 size = left < CHUNK ? left : CHUNK;

	run->hypercall.nr = HC_MAP_GPA_RANGE;
	run->hypercall.args[0] = gpa & ~td->shared_bit;
	run->hypercall.args[1] = size >> PAGE_SHIFT;
	run->hypercall.args[2] = tdx_is_shared(td, gpa) ? 0 : MAP_GPA_RANGE_ENCRYPTED;
	run->hypercall.ret = 0;
	run->hypercall.flags = HYPERCALL_LONG_MODE;
	return tdx_exit_to_userspace(vcpu, KVM_EXIT_HYPERCALL, COMPLETE_MAP_GPA);
}

int tdx_serve_map_gpa(struct tdx_vcpu *vcpu)
{
	struct tdx_td *td = vcpu->td;
	u64 gpa = vcpu->vp_enter_args.r12;
	u64 size = vcpu->vp_enter_args.r13;
	u64 last = gpa + size - 1;

	if (!(td->userspace_hypercalls >> HC_MAP_GPA_RANGE & 1))
		return stop_at(vcpu, gpa, STATUS_SUBFUNC_UNSUPPORTED);
	if (!size || last < gpa || !tdx_is_legal(td, gpa) || !tdx_is_legal(td, last))
		return stop_at(vcpu, gpa, STATUS_INVALID_OPERAND);
	if (tdx_is_shared(td, gpa) != tdx_is_shared(td, last))
		return stop_at(vcpu, gpa, STATUS_INVALID_OPERAND);
	if ((gpa | size) & (PAGE_SIZE - 1))
		return stop_at(vcpu, gpa, STATUS_ALIGN_ERROR);

	conversion_of(vcpu)->next = gpa;
	conversion_of(vcpu)->end = gpa + size;
	return next_chunk(vcpu);
}

int tdx_complete_map_gpa(struct tdx_vcpu *vcpu)
{
	struct conversion *conversion = conversion_of(vcpu);
	u64 error = *(volatile u64 *)&vcpu->run->hypercall.ret;

	switch (error) {
	case 0:
		break;
	case EAGAIN:
		return stop_at(vcpu, conversion->next, STATUS_RETRY);
	case EINVAL:
		return stop_at(vcpu, conversion->next, STATUS_INVALID_OPERAND);
	default:
		/* The chunk stays open: to drop it would tell the guest that it was converted. */
		vcpu->completion = COMPLETE_MAP_GPA;
		return -EINVAL;
	}

	conversion->next += CHUNK;
	if (conversion->next >= conversion->end)
		return tdx_answer(vcpu, STATUS_SUCCESS);
	if (host_pending_events(vcpu))
		return stop_at(vcpu, conversion->next, STATUS_RETRY);
	return next_chunk(vcpu);
}
