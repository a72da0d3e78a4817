/* What the idioms in C share: TDG.VP.VMCALL with six registers. */
typedef unsigned char u8;
typedef unsigned short u16;
typedef short s16;
typedef unsigned int u32;
typedef int s32;
typedef unsigned long long u64;
typedef long long s64;

struct vmcall {
	u64 status, r10, r11, r12, r13, r14, r15;
};

static inline __attribute__((always_inline)) void vmcall(struct vmcall *call)
{
	register u64 r10 asm("r10") = call->r10;
	register u64 r11 asm("r11") = call->r11;
	register u64 r12 asm("r12") = call->r12;
	register u64 r13 asm("r13") = call->r13;
	register u64 r14 asm("r14") = call->r14;
	register u64 r15 asm("r15") = call->r15;
	u64 rax = 0;
	u64 rcx = 0xfc00;

	asm volatile(".byte 0x66, 0x0f, 0x01, 0xcc"
		     : "+a"(rax), "+c"(rcx), "+r"(r10), "+r"(r11), "+r"(r12), "+r"(r13), "+r"(r14), "+r"(r15)
		     :
		     : "memory");
	call->status = rax;
	call->r10 = r10;
	call->r11 = r11;
	call->r12 = r12;
	call->r13 = r13;
	call->r14 = r14;
	call->r15 = r15;
}
