/**
 * Instructions that the machine cannot execute by itself: the world answers them (it fills the registers, then calls
 * Machine.completeEnvironment). The machine gives no meaning to any of these numbers.
 */
export const ENVIRONMENT = {
  Tdcall: 1,
  Seamcall: 2,
  Hlt: 3,
  Cpuid: 4,
  Rdmsr: 5,
  Wrmsr: 6,
  Rdtsc: 7,
  Rdtscp: 8,
  In: 9,
  Out: 10,
  Swapgs: 11,
  Verw: 12,
  Wbinvd: 13,
  Vmcall: 14,
  Syscall: 15,
  Sysret: 16,
  Int: 17,
  Invd: 18,
  Rdpmc: 19,
  Xgetbv: 20,
  Rdrand: 21,
  Rdseed: 22,
} as const;

/** One value of {@link ENVIRONMENT}. */
export type EnvironmentNumber = (typeof ENVIRONMENT)[keyof typeof ENVIRONMENT];

/** The name of an environment call, for people: `tdcall`, `in`... */
export function environmentName(number: number): string {
  const found = Object.entries(ENVIRONMENT).find(([, value]) => value === number);
  return found === undefined ? `environment call ${number}` : found[0].toLowerCase();
}
