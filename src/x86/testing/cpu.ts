import { readFileSync } from 'node:fs';

/** The processor that the test runs on. */
export interface Cpu {
  /** `Intel(R) Xeon(R) Processor, family 6 model 143 stepping 8`. */
  readonly name: string;
  /** Made by Intel, as every CPU with TDX is. */
  readonly isIntel: boolean;
  /** Whether it has an extension, by the name that iced-x86 gives it. */
  readonly has: (feature: string) => boolean;
}

/**
 * What iced-x86 calls an extension and what Linux calls it (arch/x86/include/asm/cpufeatures.h, the names in /proc/cpuinfo).
 * Extensions that are not here every x86-64 processor has, or executes as a no-operation (ENDBR64).
 */
const LINUX_NAMES: ReadonlyMap<string, string> = new Map([
  ['ADX', 'adx'],
  ['AVX', 'avx'],
  ['AVX2', 'avx2'],
  ['BMI1', 'bmi1'],
  ['BMI2', 'bmi2'],
  ['CLDEMOTE', 'cldemote'],
  ['CLFLUSHOPT', 'clflushopt'],
  ['CLWB', 'clwb'],
  ['CMPXCHG16B', 'cx16'],
  ['FSGSBASE', 'fsgsbase'],
  ['LAHF_SAHF', 'lahf_lm'],
  ['LZCNT', 'abm'],
  ['MOVBE', 'movbe'],
  ['MOVDIR64B', 'movdir64b'],
  ['MOVDIRI', 'movdiri'],
  ['PCLMULQDQ', 'pclmulqdq'],
  ['POPCNT', 'popcnt'],
  ['PREFETCHW', '3dnowprefetch'],
  ['RDPID', 'rdpid'],
  ['RDTSCP', 'rdtscp'],
  ['SERIALIZE', 'serialize'],
  ['SHA', 'sha_ni'],
  ['SMAP', 'smap'],
  ['SSE3', 'pni'],
  ['SSSE3', 'ssse3'],
  ['SSE4_1', 'sse4_1'],
  ['SSE4_2', 'sse4_2'],
  ['WAITPKG', 'waitpkg'],
]);

function field(text: string, name: string): string {
  return new RegExp(`^${name}\\s*: (.*)$`, 'm').exec(text)?.[1] ?? 'unknown';
}

/** Reads /proc/cpuinfo, of the first processor. */
export function thisCpu(): Cpu {
  return cpuFrom(readFileSync('/proc/cpuinfo', 'utf8').split('\n\n')[0]);
}

/** @param text - the part of /proc/cpuinfo that describes one processor */
export function cpuFrom(text: string): Cpu {
  const flags = new Set(field(text, 'flags').split(' '));
  return {
    name: `${field(text, 'model name')}, family ${field(text, 'cpu family')} model ${field(text, 'model')} stepping ${field(text, 'stepping')}`,
    isIntel: field(text, 'vendor_id') === 'GenuineIntel',
    has: (feature) => {
      const name = LINUX_NAMES.get(feature);
      return name === undefined || flags.has(name);
    },
  };
}
