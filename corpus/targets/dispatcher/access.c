/* Port I/O and MMIO: R12 size, R13 direction, R14 place, R15 data. All 64 bits of each count. */
#include "tdx-host.h"

static u8 *pio_data(struct tdx_vcpu *vcpu)
{
	return (u8 *)vcpu->run + RUN_PIO_DATA_OFFSET;
}

int tdx_port_io(struct tdx_vcpu *vcpu)
{
	struct tdx_module_args *args = &vcpu->vp_enter_args;
	u64 size = args->r12;
	u64 write = args->r13;
	u64 port = args->r14;
	u64 value = 0;

	if ((size != 1 && size != 2 && size != 4) || write > 1 || port > 0xffff)
		return tdx_answer(vcpu, STATUS_INVALID_OPERAND);

	if (write) {
		value = low_bytes(args->r15, size);
		if (!host_pio_write(vcpu, port, size, value))
			return tdx_answer(vcpu, STATUS_SUCCESS);
		put_bytes(pio_data(vcpu), value, size);
	} else if (!host_pio_read(vcpu, port, size, &value)) {
		args->r11 = value;
		return tdx_answer(vcpu, STATUS_SUCCESS);
	}

	vcpu->run->io.direction = write;
	vcpu->run->io.size = size;
	vcpu->run->io.port = port;
	vcpu->run->io.count = 1;
	vcpu->run->io.data_offset = RUN_PIO_DATA_OFFSET;
	return tdx_exit_to_userspace(vcpu, KVM_EXIT_IO, write ? COMPLETE_NOTHING : COMPLETE_PORT_READ);
}

int tdx_complete_port_read(struct tdx_vcpu *vcpu)
{
	vcpu->vp_enter_args.r11 = get_bytes(pio_data(vcpu), vcpu->vp_enter_args.r12);
	return tdx_answer(vcpu, STATUS_SUCCESS);
}

static int is_device(const struct tdx_td *td, u64 gpa)
{
	return tdx_is_legal(td, gpa) && tdx_is_shared(td, gpa);
}

int tdx_mmio(struct tdx_vcpu *vcpu)
{
	struct tdx_module_args *args = &vcpu->vp_enter_args;
	struct tdx_td *td = vcpu->td;
	u64 size = args->r12;
	u64 write = args->r13;
	u64 gpa = args->r14;
	u64 value = 0;

	if ((size != 1 && size != 2 && size != 4 && size != 8) || write > 1)
		return tdx_answer(vcpu, STATUS_INVALID_OPERAND);
	if (!is_device(td, gpa) || !is_device(td, gpa + size - 1))
		return tdx_answer(vcpu, STATUS_INVALID_OPERAND);

	gpa &= ~td->shared_bit;
	if (write) {
		value = low_bytes(args->r15, size);
		if (!host_mmio_write(vcpu, gpa, size, value))
			return tdx_answer(vcpu, STATUS_SUCCESS);
		put_bytes(vcpu->run->mmio.data, value, size);
	} else if (!host_mmio_read(vcpu, gpa, size, &value)) {
		args->r11 = value;
		return tdx_answer(vcpu, STATUS_SUCCESS);
	}

	vcpu->run->mmio.phys_addr = gpa;
	vcpu->run->mmio.len = size;
	vcpu->run->mmio.is_write = write;
	return tdx_exit_to_userspace(vcpu, KVM_EXIT_MMIO, write ? COMPLETE_NOTHING : COMPLETE_MMIO_READ);
}

int tdx_complete_mmio_read(struct tdx_vcpu *vcpu)
{
	vcpu->vp_enter_args.r11 = get_bytes(vcpu->run->mmio.data, vcpu->vp_enter_args.r12);
	return tdx_answer(vcpu, STATUS_SUCCESS);
}
