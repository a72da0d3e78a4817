/** How companions differ from the run of a draw. */

/** In what a companion differs from the run of a draw. */
export interface Variation {
  /** Registers and vector state that nobody gave hold something else. */
  readonly registers?: boolean;
  /** The stack lies elsewhere, and other things were left on it. */
  readonly stack?: boolean;
  /** The host answers something else: all that a TDVMCALL exposed, with R10 or without. */
  readonly host?: 'values' | 'all';
  /** Only these registers of it, one bit each. */
  readonly hostRegisters?: number;
  /** RAX of one TDVMCALL is this, and nothing else of it changes. */
  readonly status?: { readonly call: number; readonly value: bigint };
}
