/** Every property, in the order in which reports list them. */
import type { ProgramPropertyDefinition } from '../src/clause/program-property.js';
import type { PropertyDefinition } from '../src/clause/property.js';
import { endsSafely, endsSafelyInPrograms } from './ends-safely.js';
import { exposesOnlyArguments } from './exposes-only-arguments.js';
import { issuesSti } from './issues-sti.js';
import { keepsCalleeSaved, keepsCalleeSavedInPrograms } from './keeps-callee-saved.js';
import { keepsFlags, keepsFlagsInPrograms } from './keeps-flags.js';
import { keepsStack, keepsStackInPrograms } from './keeps-stack.js';
import { keepsVectorState } from './keeps-vector-state.js';
import { marshalsArguments } from './marshals-arguments.js';
import { returnsStatus } from './returns-status.js';
import { scrubsHostValues } from './scrubs-host-values.js';
import { stopsOnFailure, stopsOnFailureInPrograms } from './stops-on-failure.js';
import { terminates, terminatesInPrograms } from './terminates.js';
import { usesNoHostValueAsAddress } from './uses-no-host-value-as-address.js';
import { vmcallFrame } from './vmcall-frame.js';
import { writesOutputs } from './writes-outputs.js';

/** Properties of single functions around TDCALL or SEAMCALL. */
export const PROPERTIES: readonly PropertyDefinition[] = [
  vmcallFrame,
  marshalsArguments,
  exposesOnlyArguments,
  returnsStatus,
  writesOutputs,
  keepsCalleeSaved,
  keepsStack,
  scrubsHostValues,
  stopsOnFailure,
  issuesSti,
  keepsFlags,
  keepsVectorState,
  usesNoHostValueAsAddress,
  terminates,
  endsSafely,
];

/** Properties of programs: helpers, dispatchers, round trips. Some are those of single functions, in their own words. */
export const PROGRAM_PROPERTIES: readonly ProgramPropertyDefinition[] = [
  keepsCalleeSavedInPrograms,
  keepsStackInPrograms,
  stopsOnFailureInPrograms,
  keepsFlagsInPrograms,
  terminatesInPrograms,
  endsSafelyInPrograms,
];

/** Every stable name, once. */
export const PROPERTY_NAMES: readonly string[] = [
  ...new Set([...PROPERTIES, ...PROGRAM_PROPERTIES].map(({ name }) => name)),
];
