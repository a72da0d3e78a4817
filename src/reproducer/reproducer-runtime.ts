/** The part of a reproducer that is the same for every case: C text of our own, for gcc and clang on x86-64 Linux. */

/** Before the data of the case. */
export const PROLOGUE = String.raw`#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

/* Registers in the order in which the hardware numbers them, then RIP and RFLAGS. */
enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15, RIP, RFLAGS, REGISTERS };

/* How a run ends, and how SEAMCALL ends. */
enum { NOT_ENDED, RETURNED, TRAPPED, STOPPED, FAULTED, ENDLESS };
enum { COMPLETED, VMFAIL_INVALID, RAISES_GP, RAISES_UD };

struct area {
	uint64_t address;
	size_t size;
	int protection;
	const unsigned char *bytes; /* 0 behind them; NULL: filled with poison */
	size_t count;
	uint32_t poison;
};

struct word {
	uint64_t address;
	uint64_t value;
};

struct place {
	uint64_t address;
	const char *name;
};

struct fixup {
	uint64_t from;
	uint64_t to;
	int gives_vector; /* RAX receives the number of the exception */
};

/* What goes into a run, and what came out of it. */
struct run {
	uint64_t initial[REGISTERS];
	const struct word *words; /* what the caller put into stack and block */
	size_t word_count;
	uint64_t answer[16];
	uint32_t answered; /* registers that the answer writes, one bit each */
	uint64_t call[REGISTERS];
	uint64_t final[REGISTERS];
	uint64_t xmm[32];
	uint64_t mxcsr;
	uint64_t x87cw;
	uint64_t calls;
	uint64_t stis;
	int sti_before_call;
	int end;
	int vector;
	uint64_t fault_address; /* of a page fault */
	const char *stopped_at;
};
`;

/** Behind the data of the case. */
export const RUNTIME = String.raw`
static const char *const names[REGISTERS] = { "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9",
	"r10", "r11", "r12", "r13", "r14", "r15", "rip", "rflags" };
static const int context_index[REGISTERS] = { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
	REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP, REG_EFL };
static const char *const end_names[] = { "not at all", "returned", "trapped (UD2 or INT3)", "stopped", "faulted",
	"does not end" };

enum { UD = 6, GP = 13, PF_VECTOR = 14 };
enum { CF = 1 << 0, PF = 1 << 2, AF = 1 << 4, ZF = 1 << 6, SF = 1 << 7, OF = 1 << 11 };
enum { MOST_CALLS = 1000, SECONDS = 5 };

static sigjmp_buf back;
static struct run *volatile now; /* the run that is on its way */
static uint64_t behind_sti;

/* The register file of the interrupted code. */
static void read_registers(const ucontext_t *context, uint64_t *registers)
{
	for (int i = 0; i < REGISTERS; i++)
		registers[i] = (uint64_t)context->uc_mcontext.gregs[context_index[i]];
}

static void write_register(ucontext_t *context, int number, uint64_t value)
{
	context->uc_mcontext.gregs[context_index[number]] = (greg_t)value;
}

static void finish(const ucontext_t *context, int end, int vector)
{
	read_registers(context, now->final);
	memcpy(now->xmm, context->uc_mcontext.fpregs->_xmm, sizeof(now->xmm));
	now->mxcsr = context->uc_mcontext.fpregs->mxcsr;
	now->x87cw = context->uc_mcontext.fpregs->cwd;
	now->end = end;
	now->vector = vector;
	siglongjmp(back, 1);
}

/* An exception of the code under test: its fixup takes it, or the run is over. */
static void exception(ucontext_t *context, int vector)
{
	uint64_t rip = (uint64_t)context->uc_mcontext.gregs[REG_RIP];

	for (size_t i = 0; i < FIXUPS; i++) {
		if (fixups[i].from != rip || fixups[i].to == 0)
			continue;
		write_register(context, RIP, fixups[i].to);
		if (fixups[i].gives_vector)
			write_register(context, RAX, (uint64_t)vector);
		return;
	}
	finish(context, FAULTED, vector);
}

/* TDCALL or SEAMCALL, in place of the TDX module: the answer that was recorded. */
static void call(ucontext_t *context)
{
	uint64_t flags = (uint64_t)context->uc_mcontext.gregs[REG_EFL];
	uint64_t rip = (uint64_t)context->uc_mcontext.gregs[REG_RIP];

	if (now->calls++ == 0) {
		read_registers(context, now->call);
		now->sti_before_call = behind_sti == rip;
	}
	if (now->calls > MOST_CALLS)
		finish(context, ENDLESS, 0);
	if (outcome == RAISES_GP || outcome == RAISES_UD) {
		exception(context, outcome == RAISES_GP ? GP : UD);
		return;
	}
	if (outcome == VMFAIL_INVALID) {
		write_register(context, RFLAGS, (flags & ~(uint64_t)(PF | AF | ZF | SF | OF)) | CF);
	} else {
		for (int i = 0; i < 16; i++)
			if (now->answered >> i & 1)
				write_register(context, i, now->answer[i]);
		if (IS_SEAMCALL)
			write_register(context, RFLAGS, flags & ~(uint64_t)CF);
	}
	write_register(context, RIP, rip + 4);
}

/* Whether these bytes are the instruction at an address. */
static int is_code(uint64_t address, const char *bytes, size_t count)
{
	for (size_t i = 0; i < AREAS; i++)
		if ((areas[i].protection & PROT_EXEC) && address >= areas[i].address &&
		    address - areas[i].address <= areas[i].size - count)
			return memcmp((const void *)(uintptr_t)address, bytes, count) == 0;
	return 0;
}

static void on_signal(int number, siginfo_t *info, void *argument)
{
	ucontext_t *context = argument;
	uint64_t rip = (uint64_t)context->uc_mcontext.gregs[REG_RIP];

	if (now == NULL) { /* a fault of this program itself */
		signal(number, SIG_DFL);
		return;
	}
	if (number == SIGUSR1) { /* begin: the registers of the case, and the function's first instruction */
		for (int i = 0; i < REGISTERS; i++)
			write_register(context, i, now->initial[i]);
		memcpy(context->uc_mcontext.fpregs->_xmm, xmm_initial, sizeof(xmm_initial));
		return;
	}
	if (number == SIGALRM)
		finish(context, ENDLESS, 0);
	for (size_t i = 0; i < PLACES; i++) {
		if (places[i].address != rip)
			continue;
		now->stopped_at = places[i].name;
		finish(context, places[i].name == NULL ? RETURNED : STOPPED, 0);
	}
	if (is_code(rip, IS_SEAMCALL ? "\x66\x0f\x01\xcf" : "\x66\x0f\x01\xcc", 4)) {
		call(context);
	} else if (is_code(rip, "\xfb", 1)) { /* STI: #GP in user space */
		now->stis++;
		behind_sti = rip + 1;
		write_register(context, RIP, rip + 1);
	} else if (is_code(rip, "\xfa", 1) || is_code(rip, "\xf4", 1)) { /* CLI, HLT: the same */
		write_register(context, RIP, rip + 1);
	} else if (number == SIGTRAP || is_code(rip, "\x0f\x0b", 2)) {
		finish(context, TRAPPED, number == SIGTRAP ? 3 : UD);
	} else {
		int vector = (int)context->uc_mcontext.gregs[REG_TRAPNO];

		now->fault_address = vector == PF_VECTOR ? (uint64_t)(uintptr_t)info->si_addr : 0;
		exception(context, vector);
	}
}

static void give_up(const char *what)
{
	perror(what);
	exit(2);
}

static void *pointer(uint64_t address)
{
	return (void *)(uintptr_t)address;
}

/* Eight bytes of poison: they name the area and their offset in it. */
static uint64_t poison(const struct area *area, size_t offset)
{
	uint32_t low = area->poison ^ (uint32_t)offset;
	uint32_t high = (area->poison & 0xffff0000u) | area->poison >> 16;

	return (uint64_t)high << 32 | low;
}

/* What stands at an offset of an area before a run. */
static uint64_t initial_word(const struct run *run, const struct area *area, size_t offset)
{
	unsigned char bytes[8];

	for (size_t i = 0; i < run->word_count; i++)
		if (run->words[i].address == area->address + offset)
			return run->words[i].value;
	if (area->bytes == NULL)
		return poison(area, offset);
	for (size_t i = 0; i < 8; i++)
		bytes[i] = offset + i < area->count ? area->bytes[offset + i] : 0;
	return (uint64_t)bytes[0] | (uint64_t)bytes[1] << 8 | (uint64_t)bytes[2] << 16 | (uint64_t)bytes[3] << 24 |
	       (uint64_t)bytes[4] << 32 | (uint64_t)bytes[5] << 40 | (uint64_t)bytes[6] << 48 | (uint64_t)bytes[7] << 56;
}

static void map_memory(void)
{
	for (size_t i = 0; i < AREAS; i++) {
		void *at = pointer(areas[i].address);
		void *got = mmap(at, areas[i].size, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

		if (got != at)
			give_up("the memory of the case cannot be mapped: run it again, or with setarch -R");
	}
}

static void lay_out(const struct run *run)
{
	for (size_t i = 0; i < AREAS; i++) {
		const struct area *area = &areas[i];

		if (mprotect(pointer(area->address), area->size, PROT_READ | PROT_WRITE) != 0)
			give_up("mprotect");
		for (size_t offset = 0; offset < area->size; offset += 8) {
			uint64_t value = initial_word(run, area, offset);

			memcpy(pointer(area->address + offset), &value, sizeof(value));
		}
		if (mprotect(pointer(area->address), area->size, area->protection) != 0)
			give_up("mprotect");
	}
}

static void execute(struct run *run)
{
	lay_out(run);
	behind_sti = 0;
	alarm(SECONDS);
	if (sigsetjmp(back, 1) == 0) {
		now = run;
		raise(SIGUSR1);
	}
	now = NULL;
	alarm(0);
}

static void print_registers(const uint64_t *registers)
{
	for (int i = 0; i < REGISTERS; i++)
		printf("%s%-6s 0x%016llx", i % 3 == 0 ? "\n    " : "   ", names[i], (unsigned long long)registers[i]);
	printf("\n");
}

/* What of the call the untrusted side sees: of TDG.VP.VMCALL the registers that the mask in RCX names. */
static void print_call(const struct run *run)
{
	printf("  %s number 1 of %llu", IS_SEAMCALL ? "SEAMCALL" : "TDCALL", (unsigned long long)run->calls);
	if (!IS_SEAMCALL && (run->call[RAX] & 0xffff) == 0) {
		printf(": TDG.VP.VMCALL, mask 0x%llx shows the host", (unsigned long long)run->call[RCX]);
		for (int i = 0; i < 16; i++)
			if (run->call[RCX] >> i & 1)
				printf("\n    %-6s 0x%016llx", names[i], (unsigned long long)run->call[i]);
		printf("\n");
	} else {
		printf(", registers:");
		print_registers(run->call);
	}
}

static void print_run(const struct run *run, const char *title)
{
	printf("%s\n", title);
	if (run->calls > 0)
		print_call(run);
	printf("  end: %s", end_names[run->end]);
	if (run->stopped_at != NULL)
		printf(" in %s", run->stopped_at);
	if (run->end == FAULTED)
		printf(", exception %d", run->vector);
	printf("; registers then:");
	print_registers(run->final);
}
`;
