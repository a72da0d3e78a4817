/* MapGPA: a host may do it piece by piece, and may not go in circles. */
#include "tdx.h"

#define MOST_STALLS 3

static bool is_next(u64 next, u64 start, u64 end)
{
	return next >= start && next < end && !(next & ~PAGE_MASK);
}

bool tdx_map_gpa(u64 start, u64 end, bool enc)
{
	int stalls = 0;

	if (!enc) {
		start |= tdx_shared_mask();
		end |= tdx_shared_mask();
	}

	for (;;) {
		struct tdx_module_args args = {
			.r11 = TDVMCALL_MAP_GPA,
			.r12 = start,
			.r13 = end - start,
		};
		u64 status = __tdx_hypercall(&args);

		if (status != TDVMCALL_RETRY)
			return status == TDVMCALL_SUCCESS;
		if (!is_next(args.r11, start, end))
			return false;
		if (args.r11 == start) {
			if (++stalls == MOST_STALLS)
				return false;
		} else {
			start = args.r11;
			stalls = 0;
		}
	}
}
