/** What differs between sound generations of the guest's helpers, as data (docs/abi/linux-helpers.md#versions-of-the-helpers). */

/** How a helper reaches the host: what its stub exposes, and how it ends when TDCALL itself fails. */
export interface HypercallForm {
  /** RCX at TDCALL. */
  readonly mask: number;
  /** `stop`: a function that never returns is called; `trap`: UD2. */
  readonly failure: 'stop' | 'trap';
}

export interface HelperOptions {
  readonly form: HypercallForm;
  /** MapGPA: calls without progress after which it gives up; 0: RETRY is a failure like any other. */
  readonly mapGpaStalls: number;
  /**
   * How a halt lets interrupts in without losing a wake-up: STI immediately before TDCALL, or IF set only after the
   * call (docs/abi/tdvmcall.md#hlt-disciplines). `if-open`: not before the call, and whether behind it is the idle loop's.
   */
  readonly haltDiscipline: 'sti-shadow' | 'if-after' | 'if-open';
  /** HLT as #VE with interrupts on: refused without a call, or told to the host as it is (docs/abi/linux-helpers.md#handle_halt). */
  readonly haltWithInterrupts: 'refused' | 'told';
  /** How often TDG.MEM.PAGE.ACCEPT is tried for one page while its operand is busy; 1: busy is an error like any other. */
  readonly acceptBusyTries: number;
  /**
   * What an error of TDG.MEM.PAGE.ACCEPT means: `smaller`: a smaller page is tried, whatever the error; `mismatch`: it is after
   * PAGE_SIZE_MISMATCH, and any other error is the end of it; `fatal`: any other error stops the guest.
   */
  readonly acceptErrors: 'smaller' | 'mismatch' | 'fatal';
  /** Error numbers of the report helpers: v6.2 to v6.15, or v6.16 and later. */
  readonly reportErrors: 'linux-6.2' | 'linux-6.16';
}
