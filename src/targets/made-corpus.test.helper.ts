/** A corpus of a few sources in a folder of its own. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { EDITS_PATH } from './edits.js';
import { PROGRAMS_PATH } from './programs.js';

export const PROGRAM = 'corpus/targets/made.o';
const LOGIC = 'corpus/targets/made/logic.c';

/** Two C files that share a header, and a stub in assembly that both objects may have. */
const SOURCES: Readonly<Record<string, string>> = {
  'corpus/targets/made/made.h': `
#include <stdint.h>
#define FACTOR 77
struct answer { uint64_t status, value; };
extern uint64_t ask_stub(uint64_t leaf, struct answer *answer);
extern int print_line(const char *text, uint64_t value);
uint64_t widen(uint64_t index);
`,
  [LOGIC]: `
#include "made.h"
static uint64_t calls;
static uint64_t last = 7;
static __attribute__((noinline)) int fail(uint64_t value) { last = value; return -22; }
int logic(uint64_t kind, uint64_t value)
{
	struct answer answer = { 0, 0 };
	calls++;
	switch (kind) {
	case 1: return print_line("one", value);
	case 2: return (int)widen(value);
	case 3: last = value; return (int)calls;
	case 4: return (int)last;
	case 5: return (int)(value * FACTOR);
	case 6: return ask_stub(value, &answer) == 0 ? (int)answer.value : -5;
	default: return fail(value);
	}
}
`,
  'corpus/targets/made/widen.c': `
#include "made.h"
static const uint64_t widths[] = { 1, 2, 4, 8, 16, 1000 };
static __attribute__((noinline)) uint64_t at(uint64_t index) { return widths[index]; }
uint64_t widen(uint64_t index) { return index < sizeof(widths) / sizeof(widths[0]) ? at(index) : FACTOR; }
`,
  'corpus/targets/stub.S': `
	.section .noinstr.text, "ax", @progbits
	.globl	ask_stub
	.type	ask_stub, @function
ask_stub:
	movq	%rdi, %rax
	.byte	0x66, 0x0f, 0x01, 0xcc
	movq	%rdx, 8(%rsi)
	ret
	.size	ask_stub, . - ask_stub
	.section .note.GNU-stack, "", @progbits
`,
};

/** A row of edits.json; its edit makes the program's product wrong. */
export const EDITED = {
  id: 'made-wrong-factor',
  object: 'corpus/bugs/made-wrong-factor.o',
  of: PROGRAM,
  file: LOGIC,
  replace: 'value * FACTOR',
  with: 'value * 76',
  mistake: 'The factor is one too small.',
  reference: null,
  contract: 'made/logic',
  symbol: 'logic',
  property: 'made-property',
  slot: 'final.rax',
  place: 'logic+0x1c',
  alsoBreaks: [],
};

export function writeEdits(root: string, ...twins: object[]): void {
  writeFileSync(join(root, EDITS_PATH), JSON.stringify({ schema: 'tdxfuzz/edits/1', twins }));
}

export function writePrograms(root: string, programs: Record<string, string[]>): void {
  writeFileSync(join(root, PROGRAMS_PATH), JSON.stringify({ schema: 'tdxfuzz/programs/1', programs }));
}

/** Writes the corpus into a new folder, with one twin. @returns its root */
export function makeCorpus(): string {
  const root = mkdtempSync(join(tmpdir(), 'tdxfuzz-corpus-'));
  mkdirSync(join(root, 'corpus/bugs'), { recursive: true });
  for (const [path, text] of Object.entries(SOURCES)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  writePrograms(root, { 'made.o': ['made/logic.c', 'made/widen.c', 'stub.S'] });
  writeEdits(root, EDITED);
  return root;
}
