/* The last words of a guest. */
#include "tdx.h"

#define MESSAGE_BYTES 64

_Noreturn void tdx_panic(const char *message)
{
	union {
		char text[MESSAGE_BYTES];
		u64 words[MESSAGE_BYTES / sizeof(u64)];
	} packed = {};

	for (int index = 0; index < MESSAGE_BYTES && message[index]; index++)
		packed.text[index] = message[index];

	/* Whoever comes back from here would run on in a guest that has given itself up. */
	for (;;) {
		struct tdx_module_args args = {
			.r11 = TDVMCALL_REPORT_FATAL_ERROR,
			.r14 = packed.words[0],
			.r15 = packed.words[1],
			.rbx = packed.words[2],
			.rdi = packed.words[3],
			.rsi = packed.words[4],
			.r8 = packed.words[5],
			.r9 = packed.words[6],
			.rdx = packed.words[7],
		};

		__tdx_hypercall(&args);
	}
}
