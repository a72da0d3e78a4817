import { agrees, happens } from '../src/clause/exchange-clause.js';
import { SEAMCALL_PROGRAMS } from '../src/clause/exchange-groups.js';
import type { PropertyDefinition } from '../src/clause/property.js';

/** Messages and their values. */
const MESSAGES: Readonly<Record<string, readonly string[]>> = {
  print_not_enabled: [],
  print_not_loaded: [],
  print_not_in_vmx: ['cpu'],
  print_failure: ['cpu', 'leaf', 'status'],
  print_outputs: ['rcx', 'rdx', 'r8', 'r9', 'r10', 'r11'],
};

/**
 * Criteria: (1) the status becomes the error number of the contract's map, told by all 64 bits, below 0; (2) the status
 * itself stands where the caller wants it, whatever it is; (3) what the map prints is printed, nothing else, once where
 * the contract says so, with the CPU, the leaf, the status and the outputs of this call, outputs only where there are any;
 * (4) the caller stays on the CPU that a message names until all is printed.
 */
export const mapsErrno: PropertyDefinition = {
  name: 'maps-errno',
  group: 'host stubs',
  rule: 'What SEAMCALL ends with becomes the error number and the messages of the contract, and no failure becomes a success.',
  source:
    'docs/abi/linux-seamcall.md#seamcall-of-2023; docs/abi/linux-seamcall.md#sc_retry_prerr; docs/abi/linux-stubs.md#constants',
  program: {
    programs: SEAMCALL_PROGRAMS,
    clauses: () => [
      agrees('return', 'rax'),
      agrees('return', 'status'),
      ...Object.entries(MESSAGES).flatMap(([name, values]) => [
        happens(`call ${name}`),
        ...values.map((value) => agrees(`call ${name}`, value)),
      ]),
      happens('call get_cpu'),
      happens('call put_cpu'),
    ],
  },
  example: 'The number for #UD is returned for #GP, or EIO without its sign, which callers take for a success.',
  fix: 'Compare the whole status with each row of the map; every other status but 0 is EIO.',
};
