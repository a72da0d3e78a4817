; Two stubs in the style of NASM: global labels without type and size, local labels in them, an alias, and a part behind
; another function. nasm -f elf64 -o nasm.o nasm.asm
bits 64
section .text align=16
global Alias_of_tdcall, __tdcall, __tdcall_ret, another

%macro call_module 0
	db 0x66, 0x0f, 0x01, 0xcc		; TDCALL
%endmacro

%macro load_some 0
	mov rax, rdi
	mov rcx, [rsi]
	mov rdx, [rsi+8]
	mov r8, [rsi+16]
%endmacro

Alias_of_tdcall:
__tdcall:
	load_some
.load:
	mov r9, [rsi+16]			; the mistake: the field of R8
	mov r10, [rsi+32]
	mov r11, [rsi+40]
	call_module
.done:
	ret

	align 16
__tdcall_ret:
	load_some
	mov r9, [rsi+24]
	mov r10, [rsi+32]
	mov r11, [rsi+40]
.loaded:
	call_module
	jmp store_some

	align 16
another:
	ret

store_some:
	mov [rsi], rcx
	mov [rsi+8], rdx
.middle:
	mov [rsi+16], r8
	mov [rsi+24], r8			; the mistake: R9 is to be stored
	mov [rsi+32], r10
	mov [rsi+40], r11
	ret
