/** Port I/O: the helpers of the unified generation, and those on the stub of 2021. */
import { ioIn, ioOut, portIn, portOut } from '../../../models/predict/helper/port-io.js';
import { anyValue, either, narrow, oneOf, uniform } from '../../story/draws.js';
import { type Helper, HOST_CLASSES } from './helper.js';
import { anything, hostSlots, interruptsSlot, slot } from './slots.js';

const SIZES = [1n, 2n, 4n] as const;
/** Of a 16-bit parameter the upper bits are nobody's (System V psABI 3.2.3). */
const port = slot('the port, in the low 16 bits', either(narrow, uniform));
const size = slot('bytes', oneOf(...SIZES), 1n);
const value = anything('the value written');
const isSize = ({ size: bytes }: Readonly<Record<string, bigint>>): boolean => SIZES.some((known) => known === bytes);

const GENERAL: readonly Helper[] = [
  {
    name: 'helper-io-in',
    title: 'tdx_io_in: a read of a port',
    sentence: '{size} bytes are read from port {port}',
    slots: { size, port, ...hostSlots('r11'), if: interruptsSlot },
    reference: ioIn,
    lay: (_, values) => ({ parameters: [values['size'], values['port']] }),
    isFair: isSize,
    classes: HOST_CLASSES,
  },
  {
    name: 'helper-io-out',
    title: 'tdx_io_out: a write to a port',
    sentence: '{size} bytes of {value} are written to port {port}',
    slots: { size, port, value, ...hostSlots('r11'), if: interruptsSlot },
    reference: ioOut,
    lay: (_, values) => ({ parameters: [values['size'], values['port'], values['value']] }),
    isFair: isSize,
    classes: HOST_CLASSES,
  },
];

const NAMES = [
  { bytes: 1, letter: 'b' },
  { bytes: 2, letter: 'w' },
  { bytes: 4, letter: 'l' },
] as const;

/** The functions of 2021 have their width in their name. */
const BY_WIDTH: readonly Helper[] = NAMES.flatMap(({ bytes, letter }): Helper[] => [
  {
    name: `helper-in${letter}`,
    title: `tdx_in${letter}: a read of a port, on the stub of 2021`,
    sentence: `${bytes} bytes are read from port {port}`,
    slots: { port, ...hostSlots('r11'), if: interruptsSlot },
    reference: portIn(bytes),
    lay: (_, values) => ({ parameters: [values['port']] }),
    classes: HOST_CLASSES,
  },
  {
    name: `helper-out${letter}`,
    title: `tdx_out${letter}: a write to a port, on the stub of 2021`,
    sentence: `${bytes} bytes of {value} are written to port {port}`,
    slots: { port, value: slot('the value written', anyValue), ...hostSlots('r11'), if: interruptsSlot },
    reference: portOut(bytes),
    lay: (_, values) => ({ parameters: [values['value'], values['port']] }),
    classes: HOST_CLASSES,
  },
]);

export const PORT_IO: readonly Helper[] = [...GENERAL, ...BY_WIDTH];
