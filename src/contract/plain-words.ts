/** What all words of a contract are made of: names, values, registers. */
import { z } from 'zod';
import { REGISTER_NAMES } from '../x86/registers.js';

export const name = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,99}$/, 'a name of letters, digits, _ . - (at most 100)');
/** A 64-bit value as `0x...` (at most 16 digits). */
export const hex64 = z.string().regex(/^0x[0-9a-fA-F]{1,16}$/, 'a 64-bit value written as 0x...');
export const register = z.enum(REGISTER_NAMES);
