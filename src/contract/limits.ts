/** How much a contract may speak of: what scenarios and observations have slots for. */

/** Stack parameters of a function. */
export const MOST_STACK_PARAMETERS = 11;
/** Argument blocks of a function. */
export const MOST_BLOCKS = 4;
/** Fields of all blocks together, the words of padding that must not change among them. */
export const MOST_FIELDS = 48;

/** Fields, and parameters on the stack, for which the scenarios of runs in bulk have slots. */
export const FIELDS_IN_BULK = 16;
export const STACK_IN_BULK = 4;
