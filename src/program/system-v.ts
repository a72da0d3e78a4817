import type { ProgramContract } from '../contract/program-contract.js';
import { UsageError } from '../errors.js';

/** For programs whose surroundings are a kernel's. @throws UsageError if the contract asks for another convention */
export function requireSystemV({ program, convention = 'sysv' }: ProgramContract): void {
  if (convention !== 'sysv')
    throw new UsageError(
      `${program}: convention: ${convention}: this program is called as System V has it; leave it out`,
    );
}
