/**
 * Instructions that the machine cannot execute by itself: the world answers them (it fills the registers, then calls
 * Machine.completeEnvironment). The machine gives no meaning to any of these numbers, which never change.
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
  Seamret: 23,
  Seamops: 24,
  /** INS and OUTS of all widths, one with REP included as a whole. */
  Ins: 25,
  Outs: 26,
  /** A move, PUSH, POP or LxS from or to a segment register. */
  SegmentRegister: 27,
  /** A move from or to CR0 to CR8. */
  ControlRegister: 28,
  /** A move from or to DR0 to DR7. */
  DebugRegister: 29,
  Clts: 30,
  Lmsw: 31,
  Smsw: 32,
  Lgdt: 33,
  Lidt: 34,
  Lldt: 35,
  Ltr: 36,
  Sgdt: 37,
  Sidt: 38,
  Sldt: 39,
  Str: 40,
  Lar: 41,
  Lsl: 42,
  Verr: 43,
  Lkgs: 44,
  Invlpg: 45,
  Invpcid: 46,
  Wbnoinvd: 47,
  Xsetbv: 48,
  /** MONITOR, MONITORX and UMONITOR. */
  Monitor: 49,
  /** MWAIT, MWAITX, UMWAIT and TPAUSE. */
  Mwait: 50,
  Iret: 51,
  /** A far return. */
  Retf: 52,
  Sysenter: 53,
  Sysexit: 54,
  Rsm: 55,
  Vmlaunch: 56,
  Vmresume: 57,
  Vmxon: 58,
  Vmxoff: 59,
  Vmclear: 60,
  Vmptrld: 61,
  Vmptrst: 62,
  Vmread: 63,
  Vmwrite: 64,
  Invept: 65,
  Invvpid: 66,
  Vmfunc: 67,
  Vmmcall: 68,
  Vmgexit: 69,
  Vmrun: 70,
  Vmload: 71,
  Vmsave: 72,
  Stgi: 73,
  Clgi: 74,
  Invlpga: 75,
  /** ENCLS, ENCLU and ENCLV. */
  Encl: 76,
  Getsec: 77,
  Pconfig: 78,
  Rdpid: 79,
  Rdpkru: 80,
  Wrpkru: 81,
  Rdpru: 82,
  /** FXSAVE and the XSAVE family. */
  Xsave: 83,
  /** FXRSTOR and the XRSTOR family. */
  Xrstor: 84,
  Pvalidate: 85,
  Rmpadjust: 86,
  Rmpupdate: 87,
  Rmpquery: 88,
  Psmash: 89,
  Invlpgb: 90,
  Wrmsrns: 91,
  Rdmsrlist: 92,
  Wrmsrlist: 93,
  Hreset: 94,
  /** ERETU and ERETS. */
  Eret: 95,
} as const;

/** One value of {@link ENVIRONMENT}. */
export type EnvironmentNumber = (typeof ENVIRONMENT)[keyof typeof ENVIRONMENT];

/** The name of an environment call, for people: `tdcall`, `in`, `control register`... */
export function environmentName(number: number): string {
  const found = Object.entries(ENVIRONMENT).find(([, value]) => value === number);
  if (found === undefined) return `environment call ${number}`;
  return found[0].replace(/(?<=[a-z])[A-Z]/, (letter) => ` ${letter}`).toLowerCase();
}
