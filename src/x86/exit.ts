/** Why a run stopped. RIP is explained per reason in {@link Machine.run}. */
export const EXIT = {
  /** An address was reached that is not code (Machine.addExternal). */
  External: 0,
  /** An instruction that only the world can answer (ENVIRONMENT). */
  Environment: 1,
  /** An exception; exitDetail is the vector (VECTOR). */
  Fault: 2,
  /** A planned interrupt is delivered at this boundary. */
  Interrupt: 3,
  /** The instruction budget is used up. */
  Budget: 4,
  /** An instruction that the machine does not know. */
  Unknown: 5,
} as const;

/** One value of {@link EXIT}. */
export type Exit = (typeof EXIT)[keyof typeof EXIT];

/** Exception vectors (SDM volume 3, table 6-1). */
export const VECTOR = { DE: 0, DB: 1, NMI: 2, BP: 3, OF: 4, UD: 6, SS: 12, GP: 13, PF: 14, AC: 17 } as const;

/** Bits of a page fault's error code (SDM volume 3, 4.7). */
export const PAGE_FAULT = { P: 1, W: 2, U: 4, I: 0x10 } as const;

/** An exception as a person says it: `#GP`. */
export function exceptionName(vector: number): string {
  const found = Object.entries(VECTOR).find(([, value]) => value === vector);
  return found === undefined ? `vector ${vector}` : `#${found[0]}`;
}
