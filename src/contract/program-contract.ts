/**
 * The contract of a program: which model says what a function must do, and the policy in which sound projects differ.
 * The model is code (models/predict, models/dispatcher); the contract names it and its options.
 */
import { z } from 'zod';

const name = z.string().regex(/^[a-z][a-z0-9-]{0,59}$/, 'a name of lower-case letters, digits and - (at most 60)');
const option = z.union([z.boolean(), z.number().int(), z.string().max(100)], 'a boolean, an integer or a text');

export const programContractSchema = z.strictObject({
  symbol: z.string().min(1).max(4096),
  /** Where the facts of this contract were read. */
  source: z.string().min(1),
  /** The program: what a story of it is, what plays the world, and which model judges. */
  program: name,
  /** How the function is called; System V if not given. */
  convention: z
    .enum(['sysv', 'ms-x64'])
    .optional()
    .describe('The calling convention of the function, and of those outside that it calls; System V if absent.'),
  /** The function never comes back to its caller. */
  neverReturns: z.literal(true).optional(),
  /** Options of the program, by name. */
  options: z.record(z.string().regex(/^[A-Za-z][A-Za-z0-9]{0,59}$/, 'the name of an option'), option),
});

export type ProgramContract = z.infer<typeof programContractSchema>;
