import type { Mnemonic } from 'iced-x86';
import type { Row } from './row.js';
import { ARITHMETIC_ROWS } from './rows/arithmetic.js';
import { BIT_ROWS } from './rows/bit.js';
import { BMI_ROWS } from './rows/bmi.js';
import { ENVIRONMENT_ROWS } from './rows/environment.js';
import { EXCHANGE_ROWS } from './rows/exchange.js';
import { FLOW_ROWS } from './rows/flow.js';
import { MOVE_ROWS } from './rows/move.js';
import { SHIFT_ROWS } from './rows/shift.js';
import { STACK_ROWS } from './rows/stack.js';
import { STRING_ROWS } from './rows/string.js';
import { SYSTEM_ROWS } from './rows/system.js';
import { VECTOR_EXTREMUM_ROWS } from './rows/vector-extremum.js';
import { VECTOR_INTEGER_ROWS } from './rows/vector-integer.js';
import { VECTOR_MOVE_ROWS } from './rows/vector-move.js';
import { VECTOR_PRODUCT_ROWS } from './rows/vector-product.js';
import { VECTOR_SATURATION_ROWS } from './rows/vector-saturation.js';
import { VECTOR_SHUFFLE_ROWS } from './rows/vector-shuffle.js';

/** Every instruction that the machine knows, one row per mnemonic. */
export const INSTRUCTION_ROWS: readonly Row[] = [
  ...MOVE_ROWS,
  ...ARITHMETIC_ROWS,
  ...SHIFT_ROWS,
  ...BIT_ROWS,
  ...BMI_ROWS,
  ...EXCHANGE_ROWS,
  ...STACK_ROWS,
  ...FLOW_ROWS,
  ...STRING_ROWS,
  ...SYSTEM_ROWS,
  ...ENVIRONMENT_ROWS,
  ...VECTOR_MOVE_ROWS,
  ...VECTOR_INTEGER_ROWS,
  ...VECTOR_PRODUCT_ROWS,
  ...VECTOR_EXTREMUM_ROWS,
  ...VECTOR_SATURATION_ROWS,
  ...VECTOR_SHUFFLE_ROWS,
];

const BY_MNEMONIC: ReadonlyMap<Mnemonic, Row> = new Map(INSTRUCTION_ROWS.map((row) => [row.mnemonic, row]));

/** The row of a mnemonic, or undefined if the machine does not know the instruction. */
export function rowOf(mnemonic: Mnemonic): Row | undefined {
  return BY_MNEMONIC.get(mnemonic);
}
