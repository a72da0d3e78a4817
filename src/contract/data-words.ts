/** Words of a contract that speak of data: parameters, argument blocks with their fields, the result, memory of the function's own. */
import { z } from 'zod';
import { MOST_STACK_PARAMETERS } from './limits.js';
import { hex64, name, register } from './plain-words.js';

/** Bytes of a block, which must fit into half a page: what stubs load and store is far smaller. */
const LARGEST_BLOCK = 2048;

const bytes = z.union([z.literal(1), z.literal(2), z.literal(4), z.literal(8)], 'one of 1, 2, 4, 8 (bytes)');
const signed = z.literal(true);

const PARAMETER_BYTES =
  'Bytes of its type; absent: 8. Of a type of 4 bytes, bits 63:32 are nobody’s. Of 1 or 2 bytes, System V callers extend to 32 bits ' +
  '(the psABI does not ask for it, gcc and clang do it and clang relies on it), so that only bits 63:32 are nobody’s; in ' +
  'Microsoft x64 all bits above the type are.';

/** Where a parameter arrives: a register, or the k-th stack parameter of the convention (0 is the first). */
export const placeSchema = z.union(
  [
    z.strictObject({ register: register.exclude(['rsp']).describe('The register that the caller puts it in.') }),
    z.strictObject({
      stack: z
        .number()
        .int()
        .min(0)
        .max(MOST_STACK_PARAMETERS - 1)
        .describe(
          'Which of the parameters on the stack it is; 0 is the first, above the shadow space of Microsoft x64.',
        ),
    }),
  ],
  `one of {"register": NAME} (not rsp), {"stack": 0 to ${MOST_STACK_PARAMETERS - 1}}`,
);

const fieldOffset = z
  .number()
  .int()
  .min(0)
  .max(LARGEST_BLOCK - 1);

/** A field: the offset of 8 bytes, or more said of it. */
const field = z.union(
  [
    fieldOffset.describe('Byte offset of a field of 8 bytes; need not be aligned.'),
    z.strictObject({
      offset: fieldOffset.describe('Byte offset in the block; need not be aligned.'),
      bytes: bytes.optional().describe('Bytes of the field; absent: 8. As an output only these are written.'),
      signed: signed.optional().describe('As an input it is sign-extended to 64 bits; absent: zero-extended.'),
      scratch: z
        .literal(true)
        .optional()
        .describe('The function may leave anything in it, whenever it likes, also what the host answered.'),
    }),
  ],
  'a byte offset, or {"offset": BYTES} with "bytes", "signed": true or "scratch": true',
);

/** How an argument block is laid out. */
export const layoutSchema = z.strictObject({
  size: z.number().int().min(1).max(LARGEST_BLOCK).describe('Bytes of the block.'),
  fields: z.record(name, field).describe('Field -> where it lies. A field that is no output must not change.'),
  padding: z
    .enum(['any', 'unchanged'])
    .optional()
    .describe(
      'Bytes that no field has. Absent: no store may touch them. "unchanged": their values must be at the end what they were. "any": the function may leave anything there, as compilers do that store a whole structure (C11 6.2.6.1).',
    ),
});

/** What a function returns when it does nothing else. */
const returnedAnyway = z.union(
  [
    z.literal('nothing').describe('RAX is nobody’s.'),
    z.strictObject({
      constant: hex64.describe('The value of RAX.'),
      bytes: bytes.optional().describe('Bytes of the type; absent: 8. The bits above are nobody’s.'),
    }),
  ],
  'one of "nothing", {"constant": "0x..."}',
);

export const parameterSchema = z.discriminatedUnion('kind', [
  z
    .strictObject({
      kind: z.literal('block'),
      name,
      place: placeSchema,
      nullable: z.boolean().describe('NULL is a legal argument; it means "no block" if "whenNull" does not say more.'),
      layout: layoutSchema
        .optional()
        .describe(
          'Layout of this block, whose fields are called PARAMETER.FIELD; absent: "block" of the contract. A pointer to a single value is a block of one field.',
        ),
      whenNull: z
        .strictObject({
          returns: returnedAnyway.describe('What the function returns then.'),
        })
        .optional()
        .describe('With NULL the wrapped instruction is not executed, and nothing is stored.'),
      mayAlias: name
        .optional()
        .describe('An earlier block parameter that may point to the same memory; others never overlap.'),
    })
    .describe('A pointer to an argument block.'),
  z
    .strictObject({
      kind: z.literal('flags'),
      name,
      place: placeSchema,
      bits: z.record(name, hex64).describe('Flag -> its bit.'),
      otherBits: z
        .literal('zero')
        .optional()
        .describe(
          'Callers leave the bits of the type 0 that no flag has, so that the function may compare the whole. Absent: they may hold anything, and the function must not look at them.',
        ),
      bytes: bytes.optional().describe(PARAMETER_BYTES),
    })
    .describe('A bit set that steers the function; the host never sees it. A bool is one of 1 byte with the flag 0x1.'),
  z
    .strictObject({
      kind: z.literal('leaf'),
      name,
      place: placeSchema,
      bytes: bytes.optional().describe(PARAMETER_BYTES),
    })
    .describe('The completion-leaf number that goes to RAX.'),
  z
    .strictObject({
      kind: z.literal('value'),
      name,
      place: placeSchema,
      bytes: bytes.optional().describe(PARAMETER_BYTES),
      signed: signed.optional().describe('It is sign-extended to the register that it goes to; absent: zero-extended.'),
    })
    .describe('A plain value.'),
]);

/** What RAX is at the return. */
export const returnsSchema = z.union(
  [
    z.literal('status').describe('RAX as the instruction left it.'),
    z.literal('r10').describe('R10 as it was answered.'),
    z.literal('status-or-r10').describe('The status if it is not 0, else R10.'),
    ...returnedAnyway.options,
    z.strictObject({
      register: register
        .exclude(['rsp'])
        .describe('This register as it was answered; "rax" is the status, of which "bytes" can take the low part.'),
      bytes: bytes.optional().describe('Bytes of the type; absent: 8. The bits above are nobody’s.'),
    }),
    z.strictObject({
      statusOr: register.exclude(['rsp', 'rax']).describe('The status if it is not 0, else this register.'),
      bytes: bytes.optional().describe('Bytes of the type; absent: 8. The bits above are nobody’s.'),
    }),
    z.strictObject({
      isZero: z
        .enum(['status', 'r10', 'status-or-r10'])
        .describe('1 if it is 0, else 0: a bool that says success. "status-or-r10" is 0 when both are.'),
      bytes: bytes.optional().describe('Bytes of the type; absent: 1, a bool in AL. The bits above are nobody’s.'),
    }),
    z.strictObject({
      isNotZero: z.enum(['status', 'r10', 'status-or-r10']).describe('0 if it is 0, else 1: a bool that says failure.'),
      bytes: bytes.optional().describe('Bytes of the type; absent: 1, a bool in AL. The bits above are nobody’s.'),
    }),
  ],
  'one of "status", "r10", "status-or-r10", "nothing", {"constant": "0x..."}, {"register": NAME}, {"statusOr": NAME}, {"isZero": "status" or "r10" or "status-or-r10"}, {"isNotZero": as isZero}; with "bytes" where RAX is narrower',
);
export type Returns = z.infer<typeof returnsSchema>;
export type ReturnedAnyway = z.infer<typeof returnedAnyway>;

export const ownDataSchema = z
  .array(z.string().min(1).max(4096))
  .min(1)
  .max(64)
  .describe('Data symbols of the image that the function may write to, such as counters. Each has a size.');
