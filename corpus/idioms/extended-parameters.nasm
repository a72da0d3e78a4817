; System V: the function relies on a caller that extends parameters of 1 and 2 bytes to 32 bits, as clang's callees do.
; u64 port_read(u8 size, u16 port, s16 hint);

	default	rel
	section	.text align=16

%macro	port_read 3
	global	%1:function (%1.end - %1)
%1:
	push	r12
	push	r13
	push	r14
	push	r15
	mov	r12d, edi
	mov	%2, %3
	movsxd	r15, edx
	xor	r13d, r13d
	xor	r10d, r10d
	mov	r11d, 30
	xor	eax, eax
	mov	ecx, 0xfc00
	db	0x66, 0x0f, 0x01, 0xcc
	test	rax, rax
	jnz	.failed
	mov	rax, r11
	pop	r15
	pop	r14
	pop	r13
	pop	r12
	ret
.failed:
	ud2
.end:
%endmacro

	port_read port_read, r14d, esi
	; Nobody extends to 64 bits.
	port_read port_read_whole, r14, rsi

	section	.note.GNU-stack noalloc noexec nowrite progbits
