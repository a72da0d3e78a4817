/*
 * Stands in for KVM's own dispatcher in tests: a small one of ours with KVM's names of functions, structures and members, and
 * with a layout of its own. Written from docs/abi/kvm-dispatcher.md; nothing of it is KVM's text.
 * OTHER_LAYOUT: the same members elsewhere.
 */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;
typedef _Bool bool;

#define NULL ((void *)0)
#define EIO 5
#define EAGAIN 11
#define EINVAL 22
#define EOPNOTSUPP 95
#define HC_MAP_GPA_RANGE 12
#define INVALID_OPERAND 0x8000000000000000ul
#define ALIGN_ERROR 0x8000000000000002ul
#define UNSUPPORTED 0x8000000000000003ul
#define SW_ERROR 0x8000ff0000000000ul
#define UNDEFINED_REASON 0xdead

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, REGISTERS = 17 };
enum { MMIO_BUS, PIO_BUS, CCW_BUS, FAST_MMIO_BUS };

struct tdx_module_args {
	u64 rcx, rdx, r8, r9, r10, r11, r12, r13, r14, r15, rbx, rdi, rsi;
};

struct kvm_run {
	u8 first[8];
	u32 exit_reason;
	u8 second[2];
	u16 flags;
	u8 third[16];
	union {
		struct { u32 exception, error_code; } ex;
		struct { u64 hardware_entry_failure_reason; u32 cpu; } fail_entry;
		struct { u32 flags; } notify;
		struct { u64 nr, args[6], ret, flags; } hypercall;
		struct { u64 phys_addr; u8 data[8]; u32 len; u8 is_write; } mmio;
		struct { u32 type, ndata; u64 data[16]; } system_event;
		struct { u64 flags, nr, ret, a, b, c, d, e; } tdx;
	};
};

struct kvm_arch {
#ifdef OTHER_LAYOUT
	u64 gfn_direct_bits;
	u8 vm_type;
	u64 hypercall_exit_enabled;
	u32 notify_vmexit_flags;
#else
	u32 hypercall_exit_enabled;
	u32 notify_vmexit_flags;
	u8 unused[40];
	u8 vm_type;
	u64 gfn_direct_bits;
#endif
};

struct kvm {
	u64 lock;
	struct kvm_arch arch;
	bool vm_dead;
	bool vm_bugged;
};

struct kvm_tdx {
	struct kvm kvm;
	u64 xfam;
};

struct kvm_mmu {
	u64 role[4];
};

struct kvm_vcpu;
struct x86_emulate_ctxt;

struct x86_emulate_ops {
	void (*others[3])(void);
	int (*pio_out_emulated)(struct x86_emulate_ctxt *ctxt, int size, u16 port, const void *value, u32 count);
	int (*pio_in_emulated)(struct x86_emulate_ctxt *ctxt, int size, u16 port, void *value, u32 count);
};

struct x86_emulate_ctxt {
#ifdef OTHER_LAYOUT
	u64 unused[2];
#endif
	struct kvm_vcpu *vcpu;
	const struct x86_emulate_ops *ops;
};

struct msr_data {
	bool host_initiated;
	u32 index;
	u64 data;
};

struct kvm_vcpu {
#ifdef OTHER_LAYOUT
	u64 requests;
	struct kvm_run *run;
	u64 unused[5];
	struct kvm *kvm;
#else
	struct kvm *kvm;
	u64 unused[9];
	struct kvm_run *run;
	u64 requests;
#endif
	int mmio_needed;
	struct {
		u64 regs[REGISTERS];
		u64 regs_avail[1];
		struct kvm_mmu *mmu;
		u64 reserved_gpa_bits;
		struct x86_emulate_ctxt *emulate_ctxt;
		struct { u64 count; int in, port, size; } pio;
		void *pio_data;
		int (*complete_userspace_io)(struct kvm_vcpu *vcpu);
		u32 last_vmentry_cpu;
		bool guest_state_protected;
		u64 mcg_cap, mcg_ext_ctl;
	} arch;
};

struct vcpu_vt {
	u64 unused[3];
	u32 exit_reason;
	u64 exit_qualification;
	u32 exit_intr_info;
};

struct vcpu_tdx {
	struct kvm_vcpu vcpu;
	struct vcpu_vt vt;
	u64 ext_exit_qualification;
	u64 exit_gpa;
	struct tdx_module_args vp_enter_args;
	u64 vp;
	u64 vp_enter_ret;
	u64 map_gpa_next, map_gpa_end;
	/* Of an MMIO read that userspace serves. */
	u64 mmio_size;
};

u64 tdh_vp_enter(u64 *vp, struct tdx_module_args *args);
bool kvm_cpuid(struct kvm_vcpu *vcpu, u32 *eax, u32 *ebx, u32 *ecx, u32 *edx, bool exact);
int kvm_io_bus_write(struct kvm_vcpu *vcpu, int bus, u64 gpa, int size, const void *value);
int kvm_io_bus_read(struct kvm_vcpu *vcpu, int bus, u64 gpa, int size, void *value);
int kvm_emulate_rdmsr(struct kvm_vcpu *vcpu);
int kvm_emulate_wrmsr(struct kvm_vcpu *vcpu);
int kvm_get_msr_common(struct kvm_vcpu *vcpu, struct msr_data *msr);
int kvm_set_msr_common(struct kvm_vcpu *vcpu, struct msr_data *msr);
int kvm_emulate_halt_noskip(struct kvm_vcpu *vcpu);
int ____kvm_emulate_hypercall(struct kvm_vcpu *vcpu, int cpl, int (*complete)(struct kvm_vcpu *));
int kvm_mmu_page_fault(struct kvm_vcpu *vcpu, u64 gpa, u64 error_code, void *insn, int length);
bool kvm_make_all_cpus_request(struct kvm *kvm, u32 request);
bool kvm_vcpu_has_events(struct kvm_vcpu *vcpu);
void kvm_prepare_unexpected_reason_exit(struct kvm_vcpu *vcpu, u64 reason);
int vt_handle_bus_lock_vmexit(struct kvm_vcpu *vcpu);

static struct vcpu_tdx *to_tdx(struct kvm_vcpu *vcpu)
{
	return (struct vcpu_tdx *)vcpu;
}

static u64 shared_bit(struct kvm_vcpu *vcpu)
{
	return vcpu->kvm->arch.gfn_direct_bits << 12;
}

static bool is_private(struct kvm_vcpu *vcpu, u64 gpa)
{
	return !(gpa & shared_bit(vcpu));
}

static int answer(struct kvm_vcpu *vcpu, u64 status)
{
	to_tdx(vcpu)->vp_enter_args.r10 = status;
	return 1;
}

static bool carries_reason(u64 status)
{
	switch (status >> 32) {
	case 0:
	case 0x40000001:
	case 0x40000002:
	case 0x60000005:
	case 0x60000007:
		return 1;
	}
	return 0;
}

void tdx_vcpu_enter_exit(struct kvm_vcpu *vcpu)
{
	struct vcpu_tdx *tdx = to_tdx(vcpu);
	u64 status = tdh_vp_enter(&tdx->vp, &tdx->vp_enter_args);
	u32 reason = carries_reason(status) ? (u32)status : UNDEFINED_REASON;

	tdx->vp_enter_ret = status;
	tdx->vt.exit_reason = reason;
	tdx->vt.exit_qualification = tdx->vp_enter_args.rcx;
	tdx->ext_exit_qualification = tdx->vp_enter_args.rdx;
	tdx->exit_gpa = tdx->vp_enter_args.r8;
	tdx->vt.exit_intr_info = tdx->vp_enter_args.r9;
}

/* The host gives the TD up: as KVM does, in a structure and by a request to every CPU. */
static int give_up(struct kvm_vcpu *vcpu)
{
	vcpu->kvm->vm_bugged = 1;
	vcpu->kvm->vm_dead = 1;
	kvm_make_all_cpus_request(vcpu->kvm, 1);
	return -EIO;
}

static int serve_cpuid(struct kvm_vcpu *vcpu)
{
	struct tdx_module_args *args = &to_tdx(vcpu)->vp_enter_args;
	u32 eax = args->r12, ecx = args->r13, ebx = 0, edx = 0;

	kvm_cpuid(vcpu, &eax, &ebx, &ecx, &edx, 0);
	args->r12 = eax;
	args->r13 = ebx;
	args->r14 = ecx;
	args->r15 = edx;
	return 1;
}

static int complete_out(struct kvm_vcpu *vcpu)
{
	vcpu->arch.pio.count = 0;
	return 1;
}

static int complete_in(struct kvm_vcpu *vcpu)
{
	struct x86_emulate_ctxt *ctxt = vcpu->arch.emulate_ctxt;
	u64 value = 0;

	ctxt->ops->pio_in_emulated(ctxt, vcpu->arch.pio.size, vcpu->arch.pio.port, &value, 1);
	to_tdx(vcpu)->vp_enter_args.r11 = value;
	return 1;
}

static int serve_io(struct kvm_vcpu *vcpu)
{
	struct tdx_module_args *args = &to_tdx(vcpu)->vp_enter_args;
	struct x86_emulate_ctxt *ctxt = vcpu->arch.emulate_ctxt;
	u64 size = args->r12, write = args->r13, port = args->r14, value = 0;
	int done;

	if (write > 1 || (size != 1 && size != 2 && size != 4) || port > 0xffff)
		return answer(vcpu, INVALID_OPERAND);
	if (write) {
		value = args->r15;
		done = ctxt->ops->pio_out_emulated(ctxt, size, port, &value, 1);
	} else {
		done = ctxt->ops->pio_in_emulated(ctxt, size, port, &value, 1);
		if (done)
			args->r11 = value;
	}
	if (!done)
		vcpu->arch.complete_userspace_io = write ? complete_out : complete_in;
	return done;
}

static int complete_mmio_read(struct kvm_vcpu *vcpu)
{
	struct vcpu_tdx *tdx = to_tdx(vcpu);
	u64 value = 0;

	for (u64 i = 0; i < tdx->mmio_size; i++)
		value |= (u64)((volatile u8 *)vcpu->run->mmio.data)[i] << 8 * i;
	tdx->vp_enter_args.r11 = value;
	return 1;
}

static int serve_mmio(struct kvm_vcpu *vcpu)
{
	struct vcpu_tdx *tdx = to_tdx(vcpu);
	struct tdx_module_args *args = &tdx->vp_enter_args;
	u64 size = args->r12, write = args->r13, gpa = args->r14;
	u64 value = 0;

	if ((size != 1 && size != 2 && size != 4 && size != 8) || write > 1)
		return answer(vcpu, INVALID_OPERAND);
	if (is_private(vcpu, gpa) || is_private(vcpu, gpa + size - 1))
		return answer(vcpu, INVALID_OPERAND);
	gpa &= ~shared_bit(vcpu);
	if (write) {
		value = args->r15;
		if (!kvm_io_bus_write(vcpu, FAST_MMIO_BUS, gpa, 0, NULL))
			return 1;
		if (!kvm_io_bus_write(vcpu, MMIO_BUS, gpa, size, &value))
			return 1;
		for (u64 i = 0; i < size; i++)
			((volatile u8 *)vcpu->run->mmio.data)[i] = value >> 8 * i;
	} else {
		if (!kvm_io_bus_read(vcpu, MMIO_BUS, gpa, size, &value)) {
			args->r11 = value;
			return 1;
		}
		tdx->mmio_size = size;
		vcpu->arch.complete_userspace_io = complete_mmio_read;
	}
	vcpu->run->mmio.phys_addr = gpa;
	vcpu->run->mmio.len = size;
	vcpu->run->mmio.is_write = write;
	vcpu->run->exit_reason = 6;
	return 0;
}

static int complete_hypercall(struct kvm_vcpu *vcpu)
{
	return answer(vcpu, vcpu->run->hypercall.ret);
}

static int serve_hypercall(struct kvm_vcpu *vcpu)
{
	struct tdx_module_args *args = &to_tdx(vcpu)->vp_enter_args;
	int result;

	vcpu->arch.regs[RAX] = args->r10;
	vcpu->arch.regs[RBX] = args->r11;
	vcpu->arch.regs[RCX] = args->r12;
	vcpu->arch.regs[RDX] = args->r13;
	vcpu->arch.regs[RSI] = args->r14;
	result = ____kvm_emulate_hypercall(vcpu, 0, complete_hypercall);
	return result > 0 ? complete_hypercall(vcpu) : result;
}

#define CHUNK 0x200000ul

static int complete_map_gpa(struct kvm_vcpu *vcpu);

static int convert(struct kvm_vcpu *vcpu)
{
	struct vcpu_tdx *tdx = to_tdx(vcpu);
	u64 gpa = tdx->map_gpa_next;
	u64 left = tdx->map_gpa_end - gpa;

	vcpu->run->exit_reason = 3;
	vcpu->run->hypercall.nr = HC_MAP_GPA_RANGE;
	vcpu->run->hypercall.args[0] = gpa & ~shared_bit(vcpu);
	vcpu->run->hypercall.args[1] = (left < CHUNK ? left : CHUNK) >> 12;
	vcpu->run->hypercall.args[2] = is_private(vcpu, gpa) ? 16 : 0;
	vcpu->run->hypercall.ret = 0;
	vcpu->run->hypercall.flags = 1;
	vcpu->arch.complete_userspace_io = complete_map_gpa;
	return 0;
}

static int stop_at(struct kvm_vcpu *vcpu, u64 gpa, u64 status)
{
	to_tdx(vcpu)->vp_enter_args.r11 = gpa;
	return answer(vcpu, status);
}

static int complete_map_gpa(struct kvm_vcpu *vcpu)
{
	struct vcpu_tdx *tdx = to_tdx(vcpu);
	u64 error = *(volatile u64 *)&vcpu->run->hypercall.ret;

	if (error == EAGAIN)
		return stop_at(vcpu, tdx->map_gpa_next, 1);
	if (error == EINVAL)
		return stop_at(vcpu, tdx->map_gpa_next, INVALID_OPERAND);
	if (error)
		return -EINVAL;
	tdx->map_gpa_next += CHUNK;
	if (tdx->map_gpa_next >= tdx->map_gpa_end)
		return 1;
	if (kvm_vcpu_has_events(vcpu))
		return stop_at(vcpu, tdx->map_gpa_next, 1);
	return convert(vcpu);
}

static int serve_map_gpa(struct kvm_vcpu *vcpu)
{
	struct vcpu_tdx *tdx = to_tdx(vcpu);
	u64 gpa = tdx->vp_enter_args.r12, size = tdx->vp_enter_args.r13, last = gpa + size - 1;

	if (!(vcpu->kvm->arch.hypercall_exit_enabled >> HC_MAP_GPA_RANGE & 1))
		return stop_at(vcpu, gpa, UNSUPPORTED);
	if (gpa + size <= gpa || (gpa | last) & vcpu->arch.reserved_gpa_bits || is_private(vcpu, gpa) != is_private(vcpu, last))
		return stop_at(vcpu, gpa, INVALID_OPERAND);
	if ((gpa | size) & 0xfff)
		return stop_at(vcpu, gpa, ALIGN_ERROR);
	tdx->map_gpa_next = gpa;
	tdx->map_gpa_end = gpa + size;
	return convert(vcpu);
}

static int complete_tdx(struct kvm_vcpu *vcpu)
{
	return answer(vcpu, vcpu->run->tdx.ret);
}

static int complete_information(struct kvm_vcpu *vcpu)
{
	struct tdx_module_args *args = &to_tdx(vcpu)->vp_enter_args;

	args->r11 = vcpu->run->tdx.b;
	args->r12 = vcpu->run->tdx.c;
	args->r13 = vcpu->run->tdx.d;
	args->r14 = vcpu->run->tdx.e;
	return complete_tdx(vcpu);
}

static int exit_tdx(struct kvm_vcpu *vcpu, u64 ret, int (*complete)(struct kvm_vcpu *))
{
	vcpu->run->exit_reason = 40;
	vcpu->run->tdx.flags = 0;
	vcpu->run->tdx.nr = to_tdx(vcpu)->vp_enter_args.r11;
	vcpu->run->tdx.ret = ret;
	vcpu->arch.complete_userspace_io = complete;
	return 0;
}

static int serve_information(struct kvm_vcpu *vcpu)
{
	struct tdx_module_args *args = &to_tdx(vcpu)->vp_enter_args;

	if (args->r12 > 1)
		return answer(vcpu, INVALID_OPERAND);
	if (args->r12 == 0) {
		args->r11 = args->r12 = args->r13 = args->r14 = 0;
		return answer(vcpu, 0);
	}
	vcpu->run->tdx.a = 1;
	vcpu->run->tdx.b = vcpu->run->tdx.c = vcpu->run->tdx.d = vcpu->run->tdx.e = 0;
	return exit_tdx(vcpu, 0, complete_information);
}

static int serve_quote(struct kvm_vcpu *vcpu)
{
	struct tdx_module_args *args = &to_tdx(vcpu)->vp_enter_args;

	if (is_private(vcpu, args->r12))
		return answer(vcpu, INVALID_OPERAND);
	vcpu->run->tdx.a = args->r12 & ~shared_bit(vcpu);
	vcpu->run->tdx.b = args->r13;
	return exit_tdx(vcpu, UNSUPPORTED, complete_tdx);
}

static int serve_notify_vector(struct kvm_vcpu *vcpu)
{
	u64 vector = to_tdx(vcpu)->vp_enter_args.r12;

	if (vector < 32 || vector > 255)
		return answer(vcpu, INVALID_OPERAND);
	vcpu->run->tdx.a = vector;
	return exit_tdx(vcpu, UNSUPPORTED, complete_tdx);
}

static int serve_fatal_error(struct kvm_vcpu *vcpu)
{
	struct vcpu_tdx *tdx = to_tdx(vcpu);
	struct tdx_module_args *args = &tdx->vp_enter_args;
	u64 *data = vcpu->run->system_event.data;
	u64 all[16] = { tdx->vp_enter_ret, args->rcx, args->rdx, args->rbx, 0, 0, args->rsi, args->rdi, args->r8, args->r9,
			args->r10, args->r11, args->r12, args->r13, args->r14, args->r15 };

	vcpu->run->exit_reason = 24;
	vcpu->run->system_event.type = 7;
	vcpu->run->system_event.ndata = 16;
	for (int i = 0; i < 16; i++)
		((volatile u64 *)data)[i] = all[i];
	return 0;
}

static int serve_msr(struct kvm_vcpu *vcpu, bool write)
{
	struct tdx_module_args *args = &to_tdx(vcpu)->vp_enter_args;

	vcpu->arch.regs[RCX] = (u32)args->r12;
	if (!write)
		return kvm_emulate_rdmsr(vcpu);
	vcpu->arch.regs[RAX] = (u32)args->r13;
	vcpu->arch.regs[RDX] = args->r13 >> 32;
	return kvm_emulate_wrmsr(vcpu);
}

int tdx_complete_emulated_msr(struct kvm_vcpu *vcpu, int error)
{
	struct tdx_module_args *args = &to_tdx(vcpu)->vp_enter_args;

	if (error)
		return answer(vcpu, INVALID_OPERAND);
	if (args->r11 == 31)
		args->r11 = vcpu->arch.regs[RAX] | vcpu->arch.regs[RDX] << 32;
	return 1;
}

#define LOCAL_MACHINE_CHECK (1ul << 27)

static bool is_read_only(u32 index)
{
	return index == 0x1b || index == 0x3a || index == 0xc0000080;
}

static bool is_emulated(u32 index)
{
	switch (index) {
	case 0x8b: case 0xce: case 0xfe: case 0x10a: case 0x140: case 0x179 ... 0x17b: case 0x1a0: case 0x1fc:
	case 0x200 ... 0x26f: case 0x277: case 0x280 ... 0x29f: case 0x2ff: case 0x400 ... 0x47f: case 0x4d0: case 0x6e0:
	case 0x802: case 0x803: case 0x80d: case 0x80f: case 0x828: case 0x82f: case 0x830: case 0x832 ... 0x839: case 0x83e:
	case 0x4b564d05:
		return 1;
	}
	return is_read_only(index);
}

int tdx_get_msr(struct kvm_vcpu *vcpu, struct msr_data *msr)
{
	bool local = vcpu->arch.mcg_cap & LOCAL_MACHINE_CHECK;

	if (msr->index == 0x3a) {
		msr->data = local ? 1 | 1 << 20 : 1;
		return 0;
	}
	if (msr->index == 0x4d0) {
		msr->data = vcpu->arch.mcg_ext_ctl;
		return !local;
	}
	return is_emulated(msr->index) ? kvm_get_msr_common(vcpu, msr) : 1;
}

int tdx_set_msr(struct kvm_vcpu *vcpu, struct msr_data *msr)
{
	if (msr->index == 0x4d0) {
		if (!(vcpu->arch.mcg_cap & LOCAL_MACHINE_CHECK) || msr->data > 1)
			return 1;
		vcpu->arch.mcg_ext_ctl = msr->data;
		return 0;
	}
	if (is_read_only(msr->index) || !is_emulated(msr->index))
		return 1;
	return kvm_set_msr_common(vcpu, msr);
}

bool tdx_interrupt_allowed(struct kvm_vcpu *vcpu)
{
	struct tdx_module_args *args = &to_tdx(vcpu)->vp_enter_args;

	return args->r11 != 12 || !args->r12;
}

static int serve_exception(struct kvm_vcpu *vcpu)
{
	u32 information = to_tdx(vcpu)->vt.exit_intr_info;

	if ((information & 0x80000700) == 0x80000200 || (information & 0x800007ff) == 0x80000312)
		return 1;
	vcpu->run->exit_reason = 1;
	vcpu->run->ex.exception = information & 0xff;
	vcpu->run->ex.error_code = 0;
	return 0;
}

static int serve_ept_violation(struct kvm_vcpu *vcpu)
{
	struct vcpu_tdx *tdx = to_tdx(vcpu);
	u64 qualification = tdx->vt.exit_qualification;
	u64 error_code = 0;

	if (is_private(vcpu, tdx->exit_gpa)) {
		if ((tdx->ext_exit_qualification & 0xf) == 6 && !(qualification & 0x78))
			return give_up(vcpu);
		return kvm_mmu_page_fault(vcpu, tdx->exit_gpa, 2 | 1ul << 49, NULL, 0);
	}
	if (qualification & 4)
		return give_up(vcpu);
	if (qualification & 2)
		error_code |= 2;
	if (qualification & 0x38)
		error_code |= 1;
	if (qualification & 0x80)
		error_code |= qualification & 0x100 ? 1ul << 32 : 1ul << 33;
	return kvm_mmu_page_fault(vcpu, tdx->exit_gpa, error_code, NULL, 0);
}

static int serve_tdvmcall(struct kvm_vcpu *vcpu)
{
	struct tdx_module_args *args = &to_tdx(vcpu)->vp_enter_args;

	if (args->r10)
		return serve_hypercall(vcpu);
	switch (args->r11) {
	case 10:
		return serve_cpuid(vcpu);
	case 12:
		return kvm_emulate_halt_noskip(vcpu);
	case 30:
		return serve_io(vcpu);
	case 31:
		return serve_msr(vcpu, 0);
	case 32:
		return serve_msr(vcpu, 1);
	case 48:
		return serve_mmio(vcpu);
	case 0x10000:
		return serve_information(vcpu);
	case 0x10001:
		return serve_map_gpa(vcpu);
	case 0x10002:
		return serve_quote(vcpu);
	case 0x10003:
		return serve_fatal_error(vcpu);
	case 0x10004:
		return serve_notify_vector(vcpu);
	}
	return answer(vcpu, UNSUPPORTED);
}

static int handle(struct kvm_vcpu *vcpu, u32 fastpath)
{
	struct vcpu_tdx *tdx = to_tdx(vcpu);
	u64 status = tdx->vp_enter_ret;
	u16 reason = tdx->vt.exit_reason;

	if (fastpath)
		return 1;
	if (status == 49)
		return give_up(vcpu);
	if ((status & SW_ERROR) == SW_ERROR) {
		give_up(vcpu);
		goto unexpected;
	}
	if (tdx->vt.exit_reason >> 31) {
		vcpu->run->exit_reason = 9;
		vcpu->run->fail_entry.hardware_entry_failure_reason = tdx->vt.exit_reason;
		vcpu->run->fail_entry.cpu = vcpu->arch.last_vmentry_cpu;
		return 0;
	}
	if (reason == 2) {
		vcpu->run->exit_reason = 8;
		return 0;
	}
	if (status >> 62)
		goto unexpected;
	switch (reason) {
	case 0:
		return serve_exception(vcpu);
	case 1:
	case 6:
		return 1;
	case 48:
		return serve_ept_violation(vcpu);
	case 74:
		return vt_handle_bus_lock_vmexit(vcpu);
	case 75:
		if (!(tdx->vt.exit_qualification & 1))
			return 1;
		vcpu->run->exit_reason = 37;
		vcpu->run->notify.flags = 1;
		return 0;
	case 77:
		return serve_tdvmcall(vcpu);
	}
unexpected:
	kvm_prepare_unexpected_reason_exit(vcpu, status);
	return 0;
}

int tdx_handle_exit(struct kvm_vcpu *vcpu, u32 fastpath)
{
	int result = handle(vcpu, fastpath);

	if (to_tdx(vcpu)->vt.exit_reason >> 26 & 1) {
		vcpu->run->flags |= 2;
		if (result > 0) {
			vcpu->run->exit_reason = 33;
			result = 0;
		}
	}
	return result;
}
/* So that the debug information has the structures whose types only pointers name. */
struct kvm_tdx unused_td;
struct kvm_mmu unused_mmu;
