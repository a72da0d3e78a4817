/* The report of v6.2 to v6.6, on the stub for leaves of that time. */
#include "abi.h"

/* Upper half of the status; the lower half names an operand. */
#define OPERAND_INVALID 0xc0000100U

struct tdx_module_output;

/* Returns the status of TDCALL; without an output block the leaf's results are dropped. */
u64 __tdx_module_call(u64 leaf, u64 rcx, u64 rdx, u64 r8, u64 r9, struct tdx_module_output *out);

/* R8, the type of the report, is 0. */
int tdx_mcall_get_report0(u8 *reportdata, u8 *tdreport)
{
	u64 status = __tdx_module_call(TDG_MR_REPORT, virt_to_phys(tdreport), virt_to_phys(reportdata), 0, 0, 0);

	if (status == 0)
		return 0;
	return status >> 32 == OPERAND_INVALID ? -EINVAL : -EIO;
}
