/*
 * The host's side of TDVMCALL: structures, numbers and surroundings of the dispatcher.
 * Written from docs/abi/kvm-dispatcher.md, docs/abi/linux-stubs.md, docs/abi/tdvmcall.md; the run structure has the layout of
 * Linux's include/uapi/linux/kvm.h as far as these exits need it.
 */
#ifndef TDX_HOST_H
#define TDX_HOST_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;

/* Registers at TDH.VP.ENTER: RCX is the host's, the others are the guest's as far as it shares them, else 0. */
struct tdx_module_args {
	u64 rcx, rdx, r8, r9, r10, r11, r12, r13, r14, r15, rbx, rdi, rsi;
};

/* What userspace sees of a vCPU. The data of a port access stands one page behind the start. */
#define RUN_PIO_DATA_OFFSET 4096

struct kvm_run {
	u8 request_interrupt_window;
	u8 reserved[7];
	u32 exit_reason;
	u8 ready_for_interrupt_injection;
	u8 if_flag;
	u16 flags;
	u64 cr8;
	u64 apic_base;
	union {
		struct {
			u8 direction;
			u8 size;
			u16 port;
			u32 count;
			u64 data_offset;
		} io;
		struct {
			u64 nr;
			u64 args[6];
			u64 ret;
			u64 flags;
		} hypercall;
		struct {
			u64 phys_addr;
			u8 data[8];
			u32 len;
			u8 is_write;
		} mmio;
		struct {
			u32 exception;
			u32 error_code;
		} ex;
		struct {
			u64 hardware_entry_failure_reason;
			u32 cpu;
		} fail_entry;
		struct {
			u32 flags;
		} notify;
		struct {
			u32 suberror;
			u32 ndata;
			u64 data[16];
		} internal;
		struct {
			u32 type;
			u32 ndata;
			u64 data[16];
		} system_event;
		struct {
			u64 flags;
			u64 nr;
			u64 ret;
			union {
				struct {
					u64 gpa;
					u64 size;
				} get_quote;
				struct {
					u64 leaf;
					u64 r11, r12, r13, r14;
				} get_tdvmcall_info;
				struct {
					u64 vector;
				} setup_event_notify;
			};
		} tdx;
		u8 space[256];
	};
};

struct tdx_td {
	/* The uppermost bit of a guest physical address: set for shared memory. */
	u64 shared_bit;
	/* Bit n: userspace serves KVM hypercall n. */
	u64 userspace_hypercalls;
};

/* What KVM_RUN has to do before it enters the guest again. */
enum completion {
	COMPLETE_NOTHING,
	COMPLETE_PORT_READ,
	COMPLETE_MMIO_READ,
	COMPLETE_MAP_GPA,
	COMPLETE_TDX,
	COMPLETE_INFORMATION,
	COMPLETE_HYPERCALL,
};

/* How far MapGPA has come; with the shared bit. */
struct conversion {
	u64 next; /* first GPA that is not converted */
	u64 end;
};

struct tdx_vcpu {
	struct tdx_module_args vp_enter_args; /* 0 */
	u64 vp_enter_ret; /* 104: RAX behind TDH.VP.ENTER */
	struct kvm_run *run; /* 112 */
	struct tdx_td *td; /* 120 */
	u64 tdvpr_pa; /* 128 */
	u32 completion; /* 136: enum completion */
	u32 cpu; /* 140: the one that it last ran on */
	struct conversion map_gpa; /* 144 */
};

#define AT(type, member, offset) _Static_assert(__builtin_offsetof(struct type, member) == offset, #member)
AT(tdx_module_args, rsi, 96);
AT(kvm_run, exit_reason, 8);
AT(kvm_run, flags, 14);
AT(kvm_run, io.data_offset, 40);
AT(kvm_run, hypercall.flags, 96);
AT(kvm_run, mmio.is_write, 52);
AT(kvm_run, tdx.get_tdvmcall_info.r14, 88);
AT(tdx_vcpu, vp_enter_ret, 104);
AT(tdx_vcpu, completion, 136);
AT(tdx_vcpu, cpu, 140);
AT(tdx_vcpu, map_gpa.end, 152);

/* What a handler returns; a negative number is an error of KVM_RUN. */
#define TO_USERSPACE 0
#define TO_GUEST 1

#define EIO 5
#define EAGAIN 11
#define EINVAL 22

#define TDX_ERROR 0x8000000000000000ul
#define TDX_NON_RECOVERABLE 0x4000000000000000ul
#define TDX_SW_ERROR 0x8000ff0000000000ul
#define TDX_STATUS_MASK 0xffffffff00000000ul
#define TDX_OPERAND_BUSY 0x8000020000000000ul
#define TDX_NON_RECOVERABLE_VCPU 0x4000000100000000ul
#define TDX_NON_RECOVERABLE_TD 0x4000000200000000ul
#define TDX_NON_RECOVERABLE_TD_NON_ACCESSIBLE 0x6000000500000000ul
#define TDX_NON_RECOVERABLE_TD_WRONG_APIC_MODE 0x6000000700000000ul

#define EXIT_EXCEPTION_OR_NMI 0
#define EXIT_EXTERNAL_INTERRUPT 1
#define EXIT_TRIPLE_FAULT 2
#define EXIT_OTHER_SMI 6
#define EXIT_EPT_VIOLATION 48
#define EXIT_EPT_MISCONFIG 49
#define EXIT_BUS_LOCK 74
#define EXIT_NOTIFY 75
#define EXIT_TDCALL 77

/* Bits of an exit reason beside the basic one. */
#define BUS_LOCK_DETECTED (1u << 26)
#define ENTRY_FAILED (1u << 31)

#define TDVMCALL_CPUID 10
#define TDVMCALL_HLT 12
#define TDVMCALL_IO 30
#define TDVMCALL_RDMSR 31
#define TDVMCALL_WRMSR 32
#define TDVMCALL_MMIO 48
#define TDVMCALL_GET_TD_VM_CALL_INFO 0x10000
#define TDVMCALL_MAP_GPA 0x10001
#define TDVMCALL_GET_QUOTE 0x10002
#define TDVMCALL_REPORT_FATAL_ERROR 0x10003
#define TDVMCALL_SETUP_EVENT_NOTIFY_INTERRUPT 0x10004

#define STATUS_SUCCESS 0ul
#define STATUS_RETRY 1ul
#define STATUS_INVALID_OPERAND 0x8000000000000000ul
#define STATUS_ALIGN_ERROR 0x8000000000000002ul
#define STATUS_SUBFUNC_UNSUPPORTED 0x8000000000000003ul

#define KVM_EXIT_EXCEPTION 1
#define KVM_EXIT_IO 2
#define KVM_EXIT_HYPERCALL 3
#define KVM_EXIT_MMIO 6
#define KVM_EXIT_SHUTDOWN 8
#define KVM_EXIT_FAIL_ENTRY 9
#define KVM_EXIT_INTERNAL_ERROR 17
#define KVM_EXIT_SYSTEM_EVENT 24
#define KVM_EXIT_X86_BUS_LOCK 33
#define KVM_EXIT_NOTIFY 37
#define KVM_EXIT_TDX 40

#define RUN_BUS_LOCK 2
#define NOTIFY_CONTEXT_INVALID 1
#define UNEXPECTED_EXIT_REASON 4
#define SYSTEM_EVENT_TDX_FATAL 7
#define HYPERCALL_LONG_MODE 1
#define HC_MAP_GPA_RANGE 12
#define MAP_GPA_RANGE_ENCRYPTED 16
#define KVM_ENOSYS 1000
#define PAGE_SHIFT 12
#define PAGE_SIZE 4096ul

struct cpuid_registers {
	u32 eax, ebx, ecx, edx;
};

/*
 * The surroundings. An int is 0 for success, a negative number for anything else, unless said otherwise.
 */

/* Fills in what CPUID says to this vCPU. */
void host_cpuid(struct tdx_vcpu *vcpu, u32 function, u32 index, struct cpuid_registers *out);
/* The emulated MSRs. A failed read writes nothing. */
int host_get_msr(struct tdx_vcpu *vcpu, u32 index, u64 *value);
int host_set_msr(struct tdx_vcpu *vcpu, u32 index, u64 value);
/* The devices that live in the kernel; not 0: there is none. A read writes `size` bytes to `data`, and none if it fails. */
int host_pio_read(struct tdx_vcpu *vcpu, u16 port, u32 size, void *data);
int host_pio_write(struct tdx_vcpu *vcpu, u16 port, u32 size, u32 value);
int host_mmio_read(struct tdx_vcpu *vcpu, u64 gpa, u32 size, void *data);
int host_mmio_write(struct tdx_vcpu *vcpu, u64 gpa, u32 size, u64 value);
/* Whether an event waits for the vCPU: 1 or 0. Changes nothing. */
int host_pending_events(struct tdx_vcpu *vcpu);
/* Marks the vCPU as waiting for an event. */
void host_halt(struct tdx_vcpu *vcpu, int interrupts_blocked);
/* Every KVM hypercall but KVM_HC_MAP_GPA_RANGE: the result. */
u64 host_kvm_hypercall(struct tdx_vcpu *vcpu, u64 number, u64 a0, u64 a1, u64 a2, u64 a3);
/* Memory management's turn, with the qualification of the access that the page is wanted for: 1, the guest goes on, or a negative error of KVM_RUN. */
int host_ept_violation(struct tdx_vcpu *vcpu, u64 gpa, u64 qualification);
/* The TD must not run any more. */
void host_vm_bugged(struct tdx_vcpu *vcpu);

/* The dispatcher. Both return TO_GUEST, TO_USERSPACE or a negative error number. */
int tdx_handle_exit(struct tdx_vcpu *vcpu);
int tdx_complete_userspace(struct tdx_vcpu *vcpu);

/* Its parts. */
int tdx_serve_exit(struct tdx_vcpu *vcpu);
int tdx_port_io(struct tdx_vcpu *vcpu);
int tdx_complete_port_read(struct tdx_vcpu *vcpu);
int tdx_mmio(struct tdx_vcpu *vcpu);
int tdx_complete_mmio_read(struct tdx_vcpu *vcpu);
int tdx_cpuid(struct tdx_vcpu *vcpu);
int tdx_halt(struct tdx_vcpu *vcpu);
int tdx_read_msr(struct tdx_vcpu *vcpu);
int tdx_write_msr(struct tdx_vcpu *vcpu);
int tdx_serve_map_gpa(struct tdx_vcpu *vcpu);
int tdx_complete_map_gpa(struct tdx_vcpu *vcpu);
int tdx_report_fatal_error(struct tdx_vcpu *vcpu);
int tdx_get_information(struct tdx_vcpu *vcpu);
int tdx_complete_information(struct tdx_vcpu *vcpu);
int tdx_get_quote(struct tdx_vcpu *vcpu);
int tdx_setup_event_notify(struct tdx_vcpu *vcpu);
int tdx_complete_tdx(struct tdx_vcpu *vcpu);
int tdx_serve_kvm_hypercall(struct tdx_vcpu *vcpu);
int tdx_complete_hypercall(struct tdx_vcpu *vcpu);

/* The guest goes on with this status in R10. */
static inline int tdx_answer(struct tdx_vcpu *vcpu, u64 status)
{
	vcpu->vp_enter_args.r10 = status;
	return TO_GUEST;
}

/* Userspace serves this exit; KVM_RUN completes it when it is called again. */
static inline int tdx_exit_to_userspace(struct tdx_vcpu *vcpu, u32 exit_reason, enum completion completion)
{
	vcpu->run->exit_reason = exit_reason;
	vcpu->completion = completion;
	return TO_USERSPACE;
}

static inline int tdx_is_shared(const struct tdx_td *td, u64 gpa)
{
	return (gpa & td->shared_bit) != 0;
}

/* Whether no bit above the shared bit is set. */
static inline int tdx_is_legal(const struct tdx_td *td, u64 gpa)
{
	return gpa < 2 * td->shared_bit;
}

/* The low 1, 2, 4 or 8 bytes of a value. */
static inline u64 low_bytes(u64 value, u64 bytes)
{
	return bytes == 8 ? value : value & ((1ul << 8 * bytes) - 1);
}

/* Writes the low 1, 2, 4 or 8 bytes of a value, and no others. */
static inline void put_bytes(void *to, u64 value, u64 bytes)
{
	for (u64 i = 0; i < bytes; i++)
		((volatile u8 *)to)[i] = value >> 8 * i;
}

/* Reads 1, 2, 4 or 8 bytes and extends them with zeros. Each byte is read once: userspace may write meanwhile. */
static inline u64 get_bytes(const void *from, u64 bytes)
{
	u64 value = 0;

	for (u64 i = 0; i < bytes; i++)
		value |= (u64)((const volatile u8 *)from)[i] << 8 * i;
	return value;
}

#endif
