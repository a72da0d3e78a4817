/** The end of a reproducer: the function that its check is made of, and `main`. C text of our own. */

/** The functions that checks are made of; only the one that a case needs is in its program. */
export const CHECKS: Readonly<Record<string, string>> = {
  word_at: String.raw`
static uint64_t word_at(uint64_t address)
{
	uint64_t value;

	memcpy(&value, pointer(address), sizeof(value));
	return value;
}
`,
  ended: String.raw`
/* Whether the run ended in one of these ways. */
static int ended(unsigned int ways)
{
	return ways >> runs[0].end & 1;
}
`,
  equal: String.raw`
static int equal(const char *what, uint64_t found, uint64_t wanted, uint64_t mask, const char *rule)
{
	int wrong = ((found ^ wanted) & mask) != 0;

	printf("%s: %s = 0x%llx, must be 0x%llx (%s)\n", wrong ? "VIOLATED" : "holds", what,
	       (unsigned long long)(found & mask), (unsigned long long)(wanted & mask), rule);
	return wrong;
}
`,
  depends: String.raw`
static int depends(const char *what, uint64_t one, uint64_t other, const char *of)
{
	if (one != other)
		printf("VIOLATED: %s = 0x%llx, but 0x%llx when only %s change\n", what, (unsigned long long)one,
		       (unsigned long long)other, of);
	else
		printf("holds: %s = 0x%llx whatever the %s are\n", what, (unsigned long long)one, of);
	return one != other;
}
`,
  ends: String.raw`
static int ends(unsigned int ways, const char *rule)
{
	int wrong = !(ways >> runs[0].end & 1);

	printf("%s: end: the run %s, must be: %s\n", wrong ? "VIOLATED" : "holds", end_names[runs[0].end], rule);
	return wrong;
}
`,
  no_sti_before_call: String.raw`
static int no_sti_before_call(void)
{
	printf("%s: sti: it %s the instruction right before the call\n", runs[0].sti_before_call ? "holds" : "VIOLATED",
	       runs[0].sti_before_call ? "is" : "is not");
	return !runs[0].sti_before_call;
}
`,
  writes_outside: String.raw`
/* Memory is compared with what was there before: the own part of the stack and the block may have changed. */
static int writes_outside(void)
{
	for (size_t i = 0; i < AREAS; i++) {
		const struct area *area = &areas[i];

		for (size_t offset = 0; offset < area->size && (area->protection & PROT_WRITE); offset += 8) {
			uint64_t at = area->address + offset;
			int own = 0;

			for (size_t part = 0; part < 3; part++)
				own |= at >= owned[part][0] && at < owned[part][1];
			if (own || word_at(at) == initial_word(&runs[0], area, offset))
				continue;
			printf("VIOLATED: memory: 0x%llx was stored at 0x%llx, which is neither own stack nor block\n",
			       (unsigned long long)word_at(at), (unsigned long long)at);
			return 1;
		}
	}
	printf("holds: memory: nothing but the own stack and the block has changed\n");
	return 0;
}
`,
};

/** @param check what is returned; @param condition when it says anything */
export function mainFunction(check: string, conditions: readonly string[], runs: number): string {
  const guard = conditions.map((condition) => `!(${condition})`).join(' || ');
  return String.raw`
int main(void)
{
	static const int caught[] = { SIGUSR1, SIGILL, SIGSEGV, SIGBUS, SIGFPE, SIGTRAP, SIGALRM };
	static char signal_stack[0x10000];
	stack_t stack = { .ss_sp = signal_stack, .ss_size = sizeof(signal_stack) };
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	map_memory();
	sigfillset(&action.sa_mask);
	if (sigaltstack(&stack, NULL) != 0)
		give_up("sigaltstack");
	for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
		if (sigaction(caught[i], &action, NULL) != 0)
			give_up("sigaction");
	execute(&runs[0]);
	print_run(&runs[0], ${runs === 2 ? '"run 1"' : '"the run"'});
${
  runs === 2
    ? `	execute(&runs[1]);
	print_run(&runs[1], "run 2, with other values");
`
    : ''
}${
    guard === ''
      ? ''
      : `	if (${guard}) {
		printf("holds: the run did not come to where the rule says anything\\n");
		return 0;
	}
`
  }	return ${check};
}
`;
}
