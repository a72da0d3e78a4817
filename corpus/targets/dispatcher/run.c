/* KVM_RUN: what is left of the last exit, then the guest, until userspace is needed. */
#include "tdx-host.h"

#define TDH_VP_ENTER 0

/* The stub around SEAMCALL: enters the module with the registers of `args` and puts back those behind it. */
u64 __seamcall_saved_ret(u64 leaf, struct tdx_module_args *args);

int tdx_vcpu_run(struct tdx_vcpu *vcpu)
{
	int result = tdx_complete_userspace(vcpu);

	while (result == TO_GUEST) {
		vcpu->vp_enter_args.rcx = vcpu->tdvpr_pa;
		vcpu->vp_enter_ret = __seamcall_saved_ret(TDH_VP_ENTER, &vcpu->vp_enter_args);
		result = tdx_handle_exit(vcpu);
	}
	return result;
}
