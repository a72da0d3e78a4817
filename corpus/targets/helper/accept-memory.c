/* Private pages become the guest's own when it accepts them, in pages as large as can be. */
#include "tdx.h"

/* Levels of TDG.MEM.PAGE.ACCEPT: 0 is 4 KiB, 1 is 2 MiB, 2 is 1 GiB. */
#define LARGEST_LEVEL 2

static u64 level_size(int level)
{
	return PAGE_SIZE << (9 * level);
}

static bool fits(u64 start, u64 end, u64 size)
{
	return !(start & (size - 1)) && end - start >= size;
}

/* Bytes accepted at the start of a range; 0 when the module will not. */
static u64 accept_one(u64 start, u64 end)
{
	for (int level = LARGEST_LEVEL; level >= 0; level--) {
		struct tdx_module_args args = {
			.rcx = start | level,
		};

		if (fits(start, end, level_size(level)) && __tdcall(TDG_MEM_PAGE_ACCEPT, &args) == 0)
			return level_size(level);
	}
	return 0;
}

bool tdx_accept_memory(u64 start, u64 end)
{
	while (start < end) {
		u64 accepted = accept_one(start, end);

		if (accepted == 0)
			return false;
		start += accepted;
	}
	return true;
}
