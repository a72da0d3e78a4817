/* Sound variants of bool tdx_accept_memory(u64 start, u64 end): what they make of an error is theirs. */
typedef unsigned int u32;
typedef unsigned long long u64;
typedef _Bool bool;

#define OPERAND_BUSY 0x80000200u
#define PAGE_SIZE_MISMATCH 0xc0000b0bu

__attribute__((noreturn)) void panic(const char *format, ...);

static inline __attribute__((always_inline)) u64 accept(u64 page)
{
	u64 rax = 6, rcx = page;

	asm volatile(".byte 0x66, 0x0f, 0x01, 0xcc"
		     : "+a"(rax), "+c"(rcx)
		     :
		     : "rdx", "r8", "r9", "r10", "r11", "memory");
	return rax;
}

static inline __attribute__((always_inline)) u64 size_of(int level)
{
	return 4096ull << (9 * level);
}

static inline __attribute__((always_inline)) bool fits(u64 start, u64 end, int level)
{
	return start % size_of(level) == 0 && end - start >= size_of(level);
}

/* A busy page is tried eight times, and then a smaller one is. */
bool accept_patiently(u64 start, u64 end)
{
	while (start < end) {
		int level = 2;

		for (; level >= 0; level--) {
			u64 status = 1;

			if (!fits(start, end, level))
				continue;
			for (int tries = 0; tries < 8; tries++) {
				status = accept(start | level);
				if (status >> 32 != OPERAND_BUSY)
					break;
				asm volatile("pause");
			}
			if (status == 0)
				break;
		}
		if (level < 0)
			return 0;
		start += size_of(level);
	}
	return 1;
}

/* Any error but a page of another size is the end of the guest. */
bool accept_or_die(u64 start, u64 end)
{
	while (start < end) {
		u64 step = 0;

		for (int level = 2; step == 0; level--) {
			u64 status;

			if (!fits(start, end, level))
				continue;
			status = accept(start | level);
			if (status == 0)
				step = size_of(level);
			else if (status >> 32 != PAGE_SIZE_MISMATCH)
				panic("accept");
			else if (level == 0)
				return 0;
		}
		start += step;
	}
	return 1;
}

static u64 step_of(u64 start, u64 end, int level)
{
	u64 status;

	if (level < 0)
		return 0;
	if (!fits(start, end, level))
		return step_of(start, end, level - 1);
	status = accept(start | level);
	if (status == 0)
		return size_of(level);
	return status >> 32 == PAGE_SIZE_MISMATCH ? step_of(start, end, level - 1) : 0;
}

/* Any error but a page of another size is a failure. */
bool accept_or_fail(u64 start, u64 end)
{
	for (u64 step; start < end; start += step) {
		step = step_of(start, end, 2);
		if (step == 0)
			return 0;
	}
	return 1;
}

/* Page sizes from a table, the address counted down to the end. */
bool accept_by_table(u64 start, u64 end)
{
	static const u64 sizes[3] = { 1ull << 12, 1ull << 21, 1ull << 30 };
	u64 left = end > start ? end - start : 0;

	while (left != 0) {
		int level = 3;

		while (level-- > 0)
			if (left >= sizes[level] && !(start & (sizes[level] - 1)) && !accept(start + level))
				break;
		if (level < 0)
			break;
		start += sizes[level];
		left -= sizes[level];
	}
	return left == 0;
}
