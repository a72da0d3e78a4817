/* Sound variants of int seamcall_prerr_ret(u64 fn, struct tdx_module_args *args): how and when SEAMCALL is tried again. */
typedef unsigned int u32;
typedef unsigned long long u64;

struct tdx_module_args {
	u64 rcx, rdx, r8, r9, r10, r11, r12, r13, r14, r15, rbx, rdi, rsi;
};

void print_failure(u64 leaf, u64 status);
void print_outputs(u64 rcx, u64 rdx, u64 r8, u64 r9, u64 r10, u64 r11);

#define NO_ENTROPY 0x8000020300000000ull
#define VMFAILINVALID 0x8000ff00ffff0000ull
#define SW_ERROR 0x8000ff0000000000ull
#define GP (SW_ERROR | 13)
#define UD (SW_ERROR | 6)

#define ALWAYS_INLINE inline __attribute__((always_inline))

/* Six registers in, six out; a fault leaves its number in RAX, and nothing is stored then. */
static ALWAYS_INLINE u64 seamcall(u64 fn, struct tdx_module_args *args)
{
	register u64 r8 asm("r8") = args->r8;
	register u64 r9 asm("r9") = args->r9;
	register u64 r10 asm("r10") = args->r10;
	register u64 r11 asm("r11") = args->r11;
	u64 rax = fn, rcx = args->rcx, rdx = args->rdx;
	u32 trapped = 0;
	unsigned char carry = 0;

	asm volatile("1:	.byte 0x66, 0x0f, 0x01, 0xcf\n"
		     "	setc	%[carry]\n"
		     "	jmp	3f\n"
		     "2:	movl	$1, %[trapped]\n"
		     "3:\n"
		     "	.pushsection __ex_table, \"a\", @progbits\n"
		     "	.balign	4\n"
		     "	.long	1b - .\n"
		     "	.long	2b - .\n"
		     "	.long	2\n"
		     "	.popsection"
		     : "+a"(rax), "+c"(rcx), "+d"(rdx), "+r"(r8), "+r"(r9), "+r"(r10), "+r"(r11), [trapped] "+m"(trapped),
		       [carry] "+m"(carry)
		     :
		     : "cc", "memory");
	if (trapped)
		return SW_ERROR | rax;
	if (carry)
		return VMFAILINVALID;
	args->rcx = rcx;
	args->rdx = rdx;
	args->r8 = r8;
	args->r9 = r9;
	args->r10 = r10;
	args->r11 = r11;
	return rax;
}

static ALWAYS_INLINE int error_of(u64 fn, u64 status, const struct tdx_module_args *args)
{
	if (status == 0)
		return 0;
	if (status == VMFAILINVALID)
		return -19;
	if (status == GP)
		return -95;
	if (status == UD)
		return -13;
	print_failure(fn, status);
	print_outputs(args->rcx, args->rdx, args->r8, args->r9, args->r10, args->r11);
	return -5;
}

/* The caller's arguments are loaded anew before each try. */
int retry_with_copy(u64 fn, struct tdx_module_args *args)
{
	const struct tdx_module_args own = *args;
	u64 status = NO_ENTROPY;

	for (int tries = 0; tries < 10 && status == NO_ENTROPY; tries++) {
		args->rcx = own.rcx;
		args->rdx = own.rdx;
		args->r8 = own.r8;
		args->r9 = own.r9;
		args->r10 = own.r10;
		args->r11 = own.r11;
		status = seamcall(fn, args);
	}
	return error_of(fn, status, args);
}

/* The same structure for all tries, counted down. */
int retry_in_place(u64 fn, struct tdx_module_args *args)
{
	u64 status;
	int left = 10;

	do
		status = seamcall(fn, args);
	while (status == NO_ENTROPY && --left);
	return error_of(fn, status, args);
}

/* Locks that are taken, whichever, are waited for. */
int retry_when_busy(u64 fn, struct tdx_module_args *args)
{
	u64 status;
	int tries = 0;

	do {
		status = seamcall(fn, args);
		if (status >> 32 != 0x80000200 && status >> 32 != 0x80000202)
			break;
		asm volatile("pause");
	} while (++tries < 5);
	return error_of(fn, status, args);
}

/* An interrupted leaf is entered again, with the bit that says so. */
int retry_and_resume(u64 fn, struct tdx_module_args *args)
{
	u64 status = seamcall(fn, args);

	for (int tries = 1; tries < 20 && status >> 32 == 0x80000003; tries++) {
		args->rcx |= 1;
		status = seamcall(fn, args);
	}
	return error_of(fn, status, args);
}
