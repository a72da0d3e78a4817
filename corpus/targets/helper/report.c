/* Measurements: what the module objects to, as error numbers. */
#include "tdx.h"

/* Upper halves of statuses; the lower half names an operand. */
enum {
	OPERAND_INVALID = 0xc0000100,
	OPERAND_BUSY = 0x80000200,
};

static int error_of(u64 status)
{
	if (status == 0)
		return 0;
	switch (status >> 32) {
	case OPERAND_INVALID:
		return -ENXIO;
	case OPERAND_BUSY:
		return -EBUSY;
	default:
		return -EIO;
	}
}

/* R8, the type of the report, is 0. */
int tdx_mcall_get_report0(u8 *reportdata, u8 *tdreport)
{
	struct tdx_module_args args = {
		.rcx = virt_to_phys(tdreport),
		.rdx = virt_to_phys(reportdata),
	};

	return error_of(__tdcall(TDG_MR_REPORT, &args));
}

int tdx_mcall_extend_rtmr(u8 index, u8 *data)
{
	struct tdx_module_args args = {
		.rcx = virt_to_phys(data),
		.rdx = index,
	};

	return error_of(__tdcall(TDG_MR_RTMR_EXTEND, &args));
}
