/* The corpus's stub, word for word, with TDCALL assembled as a call. BENCH_SOURCE is its file. */
.macro tdcall
	call	call_answer
.endm

#include BENCH_SOURCE
