/**
 * The words of a contract that speak of control flow: what the answer decides, how often the instruction is executed, when
 * STI is, and inputs that are computed. A closed vocabulary over values, and never a language: no loops, no names of one's
 * own.
 */
import { z } from 'zod';
import { hex64, name, register } from './plain-words.js';

const tested = register
  .exclude(['rsp'])
  .describe('The register behind the instruction: rax is the completion status, r10 what the host returns.');
const values = z.array(hex64).min(1).max(16);
const mask = hex64.optional().describe('The bits that are looked at; all of them if absent.');

/**
 * What an answer is: a register behind the wrapped instruction has one of these values, or none of them, in the bits of the
 * mask. Of a call that failed (RAX not 0) only RAX says anything: a test of another register does not hold then.
 */
export const answerTestSchema = z
  .union(
    [
      z.strictObject({ answer: tested, is: values.describe('One of these values.'), mask }),
      z.strictObject({ answer: tested, isNot: values.describe('None of these values.'), mask }),
    ],
    'one of {"answer": REGISTER, "is": ["0x..."]}, {"answer": REGISTER, "isNot": ["0x..."]}, each with "mask": "0x..." or without',
  )
  .describe(
    'A register of the answer has one of some values, or none of them, in the bits of a mask. Of a call that failed (RAX not 0) only RAX says anything.',
  );
export type AnswerTest = z.infer<typeof answerTestSchema>;

/** What a caller asks for by an argument. */
export const argumentTestSchema = z.union(
  [
    z.strictObject({ flag: name }).describe('The flag is set.'),
    z.strictObject({ clear: name }).describe('The flag is clear.'),
    z.strictObject({ nonzero: name }).describe('The parameter is not 0.'),
    z.strictObject({ zero: name }).describe('The parameter is 0.'),
  ],
  'one of {"flag": NAME}, {"clear": NAME}, {"nonzero": PARAMETER}, {"zero": PARAMETER}',
);
export type ArgumentTest = z.infer<typeof argumentTestSchema>;

/** STI in other forms than `stiFlag`: it is the instruction right before TDCALL whenever all of `when` hold, and never else. */
export const stiSchema = z.strictObject({
  when: z.array(argumentTestSchema).max(4).describe('All must hold; an empty list: at every call.'),
  ifAfter: z
    .enum(['set', 'restored', 'clear'])
    .optional()
    .describe(
      'RFLAGS.IF at the return of a call with STI: set, as at the entry (PUSHFQ and POPFQ around it), or clear (CLI behind it). Absent: set.',
    ),
});

/** A bounded retry inside of the function. */
export const retrySchema = z.strictObject({
  on: z.array(answerTestSchema).min(1).max(8).describe('The answers after which it tries again: any of them.'),
  tries: z
    .number()
    .int()
    .min(2)
    .max(64)
    .describe('How often the instruction is executed at most, the first time included.'),
  inputs: z
    .enum(['same', 'stored'])
    .optional()
    .describe(
      'What later tries have in the input registers: the same as the first, or (stored) also what the try before has left in the field. Absent: same.',
    ),
});
export type Retry = z.infer<typeof retrySchema>;

/** What is computed to be an input: a value of the caller, or an operation of others. */
export type Source =
  | { constant: string }
  | { parameter: string }
  | { field: string }
  | { or: Source[] }
  | { and: Source[] }
  | { add: Source[] }
  | { shl: Source; by: number }
  | { shr: Source; by: number }
  | { low: Source; bits: 8 | 16 | 32 }
  | { signed: Source; bits: 8 | 16 | 32 };

const operands = z
  .array(z.lazy(() => sourceSchema))
  .min(2)
  .max(4);
const operand = z.lazy(() => sourceSchema);
const by = z.number().int().min(1).max(63).describe('Bits.');
const bits = z.union([z.literal(8), z.literal(16), z.literal(32)], '8, 16 or 32');

/** Where the value of a register at the wrapped instruction comes from. */
export const sourceSchema: z.ZodType<Source> = z
  .union(
    [
      z.strictObject({ constant: hex64 }),
      z.strictObject({ parameter: name }),
      z.strictObject({ field: name }),
      z.strictObject({ or: operands }).describe('The bits of all operands, such as a GPA and a level.'),
      z.strictObject({ and: operands }).describe('The bits that all operands have.'),
      z.strictObject({ add: operands }).describe('The sum, of 64 bits.'),
      z.strictObject({ shl: operand, by }).describe('Shifted left.'),
      z.strictObject({ shr: operand, by }).describe('Shifted right, zeros from the left.'),
      z.strictObject({ low: operand, bits }).describe('The lowest bits, zero-extended: a part of a register.'),
      z.strictObject({ signed: operand, bits }).describe('The lowest bits, sign-extended.'),
    ],
    'one of {"constant": "0x..."}, {"parameter": NAME}, {"field": NAME}, {"or": [...]}, {"and": [...]}, {"add": [...]}, {"shl": ..., "by": N}, {"shr": ..., "by": N}, {"low": ..., "bits": N}, {"signed": ..., "bits": N}',
  )
  .meta({ id: 'source' });

/** What a source is made of. */
export function operandsOf(source: Source): readonly Source[] {
  if ('or' in source) return source.or;
  if ('and' in source) return source.and;
  if ('add' in source) return source.add;
  if ('shl' in source) return [source.shl];
  if ('shr' in source) return [source.shr];
  if ('low' in source) return [source.low];
  if ('signed' in source) return [source.signed];
  return [];
}

/** Every constant, parameter and field in a source. */
export function leavesOf(
  source: Source,
): (Source & ({ constant: string } | { parameter: string } | { field: string }))[] {
  if ('constant' in source || 'parameter' in source || 'field' in source) return [source];
  return operandsOf(source).flatMap(leavesOf);
}

/** How deep operations lie in each other; 0 for a plain value. */
export function depthOf(source: Source): number {
  const inner = operandsOf(source);
  return inner.length === 0 ? 0 : 1 + Math.max(...inner.map(depthOf));
}

/** Numbers of leaves as people write them: one, or all from one to another. */
const leafNumber = z.number().int().min(0).max(0xffff);
const leafRange = z.strictObject({ from: leafNumber, to: leafNumber });
const leafList = z
  .array(z.union([leafNumber, leafRange], 'a leaf number, or {"from": N, "to": N}'))
  .min(1)
  .max(200);
/**
 * Leaves as a contract file has them. A range, and "any leaf but", stand for the leaves of it that the modelled module has:
 * any other number is drawn so that the module rejects it.
 */
export const writtenLeavesSchema = z
  .union([leafList, z.strictObject({ anyBut: leafList })], 'a list of leaves, or {"anyBut": [...]}')
  .describe(
    'Leaves (RAX[15:0]) that the function may be called with: numbers, ranges {"from": N, "to": N}, or {"anyBut": [...]}. Of ranges those count that the module has.',
  );
export type WrittenLeaves = z.infer<typeof writtenLeavesSchema>;
