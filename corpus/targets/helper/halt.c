/* HLT: interrupts stay off until the host has the call, so that no wake-up comes too early. */
#include "tdx.h"

#define FLAGS_IF 0x200UL

static bool irqs_disabled(void)
{
	u64 flags;

	asm volatile("pushfq; popq %0" : "=r"(flags) : : "memory");
	return !(flags & FLAGS_IF);
}

static void enable_irqs(void)
{
	asm volatile("sti" : : : "memory");
}

u64 __halt(bool irq_disabled)
{
	return _tdx_hypercall(TDVMCALL_HLT, irq_disabled, 0, 0, 0);
}

/* The idle loop's halt: called with interrupts off, left with interrupts on. */
void tdx_safe_halt(void)
{
	__halt(false);
	enable_irqs();
}

/* By the time of #VE, the interrupt that should have ended the halt may be gone. */
int handle_halt(const struct ve_info *ve)
{
	bool disabled = irqs_disabled();

	if (!disabled)
		return -EIO;
	if (__halt(disabled) != TDVMCALL_SUCCESS)
		return -EIO;
	return ve->instr_len;
}
