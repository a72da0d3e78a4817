/** Rules that no run can see: what the code of a function promises against speculation and corruption, by its stable names. */
export const HARDENING_RULES = {
  'return-speculation': 'behind RET stands INT3, or the return goes through a thunk',
  'landing-pad': 'a function that indirect calls may reach begins with ENDBR64',
  'indirect-branch': 'an indirect jump or call goes through a thunk',
  'frame-pointer': 'a function that calls others keeps the chain of frame pointers',
  'leaves-noinstr': 'code that must not be instrumented calls none that may be',
  'constant-mask': 'the exposure mask and the leaf of a TDCALL are constants',
  'fixup-covers': 'an entry of the exception table lies on the instruction that faults, and leads to one',
  'unreachable-code': 'every instruction of a function can be reached',
  'speculative-host-value':
    'behind a TDVMCALL no address and no indirect branch depends on what the host chose, however branches are predicted',
} as const;
export type HardeningRule = keyof typeof HARDENING_RULES;

/** Rules that hold where most code of the image keeps them: nobody else has promised them. */
export const PROMISED = [
  'return-speculation',
  'landing-pad',
  'indirect-branch',
  'frame-pointer',
  'leaves-noinstr',
  'constant-mask',
  'unreachable-code',
] as const;
export type PromisedRule = (typeof PROMISED)[number];

export interface HardeningFinding {
  readonly rule: HardeningRule;
  /** A register, or empty. */
  readonly subject: string;
  /** Address of the instruction. */
  readonly address: bigint;
  /** What was found, as a sentence. */
  readonly found: string;
}
