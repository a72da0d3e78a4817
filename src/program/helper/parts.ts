/** The parts of #VE handlers as functions of their own, and #VE before there is an exception table. */
import { TDVMCALL } from '../../../models/abi/tdvmcall.js';
import type { Values } from '../../../models/exchange/exchange.js';
import { earlyException, handleIn, handleOut, mmioRead, mmioWrite } from '../../../models/predict/helper/parts.js';
import type { ProgramStage } from '../../stage/program-stage.js';
import { anyValue, below, either, mostly, narrow, oneOf, shifted, uniform, upperHalfAdded } from '../../story/draws.js';
import { answerOf, has, type Helper, HOST_CLASSES, type Laid, registerAnswer, valueIs } from './helper.js';
import { EXCEPTION_SLOTS, laySavedRegisters } from './saved-state.js';
import { anything, hostSlots, interruptsSlot, slot, type Slots, statusSlot } from './slots.js';
import { isPortAccess, PORT_QUALIFICATION } from './exceptions.js';

const PORT_SIZES = [1n, 2n, 4n] as const;
const DEVICE_SIZES = [...PORT_SIZES, 8n] as const;
const isOneOf =
  (sizes: readonly bigint[]) =>
  ({ size }: Values): boolean =>
    sizes.some((known) => known === size);

const SAVED: Slots = Object.fromEntries(
  Object.entries(EXCEPTION_SLOTS).filter(([name]) => name.startsWith('regs.') || name === 'if'),
);

/** Parameters narrower than a register: the upper bits are nobody's. */
const PORT_SLOTS: Slots = {
  ...SAVED,
  size: slot('bytes', oneOf(...PORT_SIZES), 1n),
  port: slot('the port', (dice) => narrow(dice) & 0xffffn),
  ...hostSlots('r11'),
};

const layPort = (stage: ProgramStage, values: Values): Laid => {
  const { address, outputs } = laySavedRegisters(stage, values);
  return { parameters: [address, values['size'], values['port']], outputs };
};

const isPort = (values: Values): boolean => isOneOf(PORT_SIZES)(values) && values['port'] < 0x10000n;

const DEVICE_SLOTS: Slots = {
  size: slot('bytes', oneOf(...DEVICE_SIZES), 1n),
  gpa: slot('the GPA', either(shifted(below(1 << 30), 8), anyValue)),
  ...hostSlots('r11'),
  if: interruptsSlot,
};

const VARIABLE_BYTES = 8;

const LEAF_OUTPUTS = ['rcx', 'rdx', 'r8', 'r9', 'r10', 'r11'] as const;
const IO = BigInt(TDVMCALL.IO);

/** What the module says of the exception: mostly a port access. */
const RECORD_SLOTS: Slots = {
  ...Object.fromEntries(
    LEAF_OUTPUTS.map((name) => [`module.${name}`, anything(`${name.toUpperCase()} that the module gives`)]),
  ),
  'module.rcx': slot(
    'the exit reason',
    mostly(oneOf(IO), either(oneOf(BigInt(TDVMCALL.CPUID), BigInt(TDVMCALL.RequestMMIO)), upperHalfAdded(oneOf(IO)))),
    IO,
  ),
  'module.rdx': slot('the exit qualification', PORT_QUALIFICATION),
  'module.r10': slot(
    'the length, and in the upper half the information',
    (dice) => ((uniform(dice) & 0xffffffffn) << 32n) | (1n + below(15)(dice)),
    2n,
  ),
  'module.status': statusSlot,
};

const lengthOf = (values: Values): bigint => BigInt.asUintN(32, values['module.r10']);

export const PARTS: readonly Helper[] = [
  {
    name: 'helper-handle-in',
    title: 'handle_in: the read of a port for #VE',
    sentence: '{size} bytes are read from port {port} into RAX {regs.ax}',
    slots: PORT_SLOTS,
    reference: handleIn,
    lay: layPort,
    isFair: isPort,
    classes: HOST_CLASSES,
  },
  {
    name: 'helper-handle-out',
    title: 'handle_out: the write to a port for #VE',
    sentence: '{size} bytes of RAX {regs.ax} are written to port {port}',
    slots: PORT_SLOTS,
    reference: handleOut,
    lay: layPort,
    isFair: isPort,
    classes: HOST_CLASSES,
  },
  {
    name: 'helper-mmio-read',
    title: 'mmio_read: the read of a device for #VE',
    sentence: '{size} bytes are read at GPA {gpa}',
    slots: { ...DEVICE_SLOTS, variable: anything('what the variable for the value holds', 0xacen) },
    reference: mmioRead,
    lay: (stage, values) => {
      const address = stage.allocate(VARIABLE_BYTES);
      stage.write(address, values['variable']);
      return {
        parameters: [values['size'], values['gpa'], address],
        outputs: { value: { address, bytes: VARIABLE_BYTES } },
      };
    },
    isFair: isOneOf(DEVICE_SIZES),
    classes: HOST_CLASSES,
  },
  {
    name: 'helper-mmio-write',
    title: 'mmio_write: the write to a device for #VE',
    sentence: '{size} bytes of {value} are written at GPA {gpa}',
    slots: { ...DEVICE_SLOTS, value: anything('the value written') },
    reference: mmioWrite,
    lay: (_, values) => ({ parameters: [values['size'], values['gpa'], values['value']] }),
    isFair: isOneOf(DEVICE_SIZES),
    classes: HOST_CLASSES,
  },
  {
    name: 'helper-early-exception',
    title: 'tdx_early_handle_ve: #VE before there is an exception table',
    sentence: 'early #VE with exit reason {module.rcx} and qualification {module.rdx} at {regs.ip}',
    slots: { ...SAVED, ...RECORD_SLOTS, ...hostSlots('r11') },
    reference: earlyException,
    lay: (stage, values) => {
      const { address, outputs } = laySavedRegisters(stage, values);
      return { parameters: [address], outputs };
    },
    answer: ({ moment }, values) =>
      moment === 'TDCALL' ? answerOf(values, 'module') : registerAnswer(values, 'host').values,
    isFair: (values) => isPortAccess(values['module.rdx']) && lengthOf(values) >= 1n && lengthOf(values) <= 15n,
    classes: [
      ...HOST_CLASSES,
      { name: 'the module fails', holds: valueIs('module.status', (status) => status !== 0n) },
      { name: 'no port access', holds: valueIs('module.rcx', (reason) => reason !== IO) },
      { name: 'the guest stops', holds: has('stop') },
    ],
  },
];
