/** How values are written in DWARF: the forms, and how long each is. Source: DWARF version 5, section 7.5.6; GNU's extensions. */
import { DamagedDebug, type DwarfReader } from './dwarf-reader.js';

/** What of a unit decides how long its values are. */
export interface UnitForm {
  version: number;
  is64: boolean;
  /** Bytes. */
  addressSize: number;
}

/** DW_FORM_*, those that are read, and those whose length depends on something. */
export const FORM = {
  address: 0x01,
  block2: 0x03,
  block4: 0x04,
  data2: 0x05,
  data4: 0x06,
  data8: 0x07,
  string: 0x08,
  block: 0x09,
  block1: 0x0a,
  data1: 0x0b,
  strp: 0x0e,
  udata: 0x0f,
  refAddress: 0x10,
  sectionOffset: 0x17,
  expression: 0x18,
  strpSup: 0x1d,
  data16: 0x1e,
  lineStrp: 0x1f,
  implicit: 0x21,
  refAlt: 0x1f20,
  strpAlt: 0x1f21,
} as const;
/** Forms of as many bytes whatever the unit; data, flags, references, indices. */
const FIXED: ReadonlyMap<number, number> = new Map([
  [0x05, 2],
  [0x0b, 1],
  [0x0c, 1],
  [0x11, 1],
  [0x12, 2],
  [0x13, 4],
  [0x14, 8],
  [0x19, 0],
  [0x1c, 4],
  [0x1e, 16],
  [0x20, 8],
  [0x24, 8],
  [0x25, 1],
  [0x26, 2],
  [0x27, 3],
  [0x28, 4],
  [0x29, 1],
  [0x2a, 2],
  [0x2b, 3],
  [0x2c, 4],
]);
/** Forms that are one LEB128 number: sdata, udata, ref_udata, strx, addrx, loclistx, rnglistx, and GNU's indices. */
const NUMBERS: ReadonlySet<number> = new Set([0x0d, 0x0f, 0x15, 0x1a, 0x1b, 0x22, 0x23, 0x1f01, 0x1f02]);

/** Moves over a value. @throws DamagedDebug for a form that is not known */
export function skipForm({ version, is64, addressSize }: UnitForm, reader: DwarfReader, form: number): void {
  const fixed = FIXED.get(form);
  if (fixed !== undefined) reader.skip(fixed);
  // Constants of a program have 64 bits.
  else if (NUMBERS.has(form)) reader.skipLeb();
  else
    switch (form) {
      case FORM.address:
        reader.skip(addressSize);
        break;
      case FORM.refAddress:
        // In version 2 it is as wide as an address.
        reader.skip(version === 2 ? addressSize : is64 ? 8 : 4);
        break;
      case FORM.data4:
        reader.skip(4);
        break;
      case FORM.data8:
        reader.skip(8);
        break;
      case FORM.sectionOffset:
      case FORM.strp:
      case FORM.lineStrp:
      case FORM.strpSup:
      case FORM.refAlt:
      case FORM.strpAlt:
        reader.offset(is64);
        break;
      case FORM.string:
        reader.string();
        break;
      case FORM.block1:
        reader.skip(reader.u8());
        break;
      case FORM.block2:
        reader.skip(reader.u16());
        break;
      case FORM.block4:
        reader.skip(reader.u32());
        break;
      case FORM.block:
      case FORM.expression:
        reader.skip(reader.uleb());
        break;
      default:
        throw new DamagedDebug();
    }
}
