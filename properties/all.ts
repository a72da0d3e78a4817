/** Every property, in the order in which reports list them. */
import type { ProgramPropertyDefinition } from '../src/clause/program-property.js';
import type { PropertyDefinition } from '../src/clause/property.js';
import { advancesRip } from './advances-rip.js';
import { cpuidWidth } from './cpuid-width.js';
import { answersStatus } from './answers-status.js';
import { boundsEntropyRetry } from './bounds-entropy-retry.js';
import { chunksMapGpa } from './chunks-map-gpa.js';
import { completesUserspaceExit } from './completes-userspace-exit.js';
import { decodesExitReason } from './decodes-exit-reason.js';
import { deliversRequests } from './delivers-requests.js';
import { deliversResults } from './delivers-results.js';
import { endsSafely, endsSafelyInPrograms } from './ends-safely.js';
import { exitsToUserspace } from './exits-to-userspace.js';
import { exposesOnlyArguments } from './exposes-only-arguments.js';
import { haltWithoutLostWakeup } from './halt-without-lost-wakeup.js';
import { failureLeavesOutputs, failureLeavesOutputsInPrograms } from './failure-leaves-outputs.js';
import { issuesSti } from './issues-sti.js';
import { keepsCalleeSaved, keepsCalleeSavedInPrograms } from './keeps-callee-saved.js';
import { keepsFlags, keepsFlagsInPrograms } from './keeps-flags.js';
import { keepsStack, keepsStackInPrograms } from './keeps-stack.js';
import { keepsVectorState, keepsVectorStateInPrograms } from './keeps-vector-state.js';
import { mapGpaRetry } from './map-gpa-retry.js';
import { mapsTdcallErrors } from './maps-tdcall-errors.js';
import { marshalsArguments, marshalsArgumentsInPrograms } from './marshals-arguments.js';
import { mmioWidth } from './mmio-width.js';
import { msrHalves } from './msr-halves.js';
import { packsFatalError } from './packs-fatal-error.js';
import { portIoWidth } from './port-io-width.js';
import { returnsStatus, returnsStatusInPrograms } from './returns-status.js';
import { keepsFailures } from './keeps-failures.js';
import { leaksNoHostState } from './leaks-no-host-state.js';
import { routesSubfunction } from './routes-subfunction.js';
import { scrubsHostValues } from './scrubs-host-values.js';
import { stopsOnFailure, stopsOnFailureInPrograms } from './stops-on-failure.js';
import { terminates, terminatesInPrograms } from './terminates.js';
import { mapsErrno } from './maps-errno.js';
import { mapsExceptions } from './maps-exceptions.js';
import { mapsVmfailinvalid } from './maps-vmfailinvalid.js';
import { savesEverythingAcrossVpEnter } from './saves-everything-across-vp-enter.js';
import { seamcallFrame, seamcallFrameInPrograms } from './seamcall-frame.js';
import { usesNoHostValueAsAddress } from './uses-no-host-value-as-address.js';
import { validatesAll64Bits } from './validates-all-64-bits.js';
import { vmcallFrame } from './vmcall-frame.js';
import { writesOnlyResults } from './writes-only-results.js';
import { writesOutputs, writesOutputsInPrograms } from './writes-outputs.js';

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
  seamcallFrame,
  mapsVmfailinvalid,
  mapsExceptions,
  failureLeavesOutputs,
  savesEverythingAcrossVpEnter,
];

/** Properties of programs: helpers, dispatchers, round trips. Some are those of single functions, in their own words. */
export const PROGRAM_PROPERTIES: readonly ProgramPropertyDefinition[] = [
  decodesExitReason,
  routesSubfunction,
  validatesAll64Bits,
  answersStatus,
  exitsToUserspace,
  completesUserspaceExit,
  chunksMapGpa,
  writesOnlyResults,
  leaksNoHostState,
  keepsCalleeSavedInPrograms,
  keepsStackInPrograms,
  stopsOnFailureInPrograms,
  keepsFlagsInPrograms,
  keepsVectorStateInPrograms,
  terminatesInPrograms,
  endsSafelyInPrograms,
  marshalsArgumentsInPrograms,
  returnsStatusInPrograms,
  portIoWidth,
  mmioWidth,
  msrHalves,
  cpuidWidth,
  mapGpaRetry,
  haltWithoutLostWakeup,
  advancesRip,
  packsFatalError,
  mapsTdcallErrors,
  seamcallFrameInPrograms,
  failureLeavesOutputsInPrograms,
  writesOutputsInPrograms,
  mapsErrno,
  boundsEntropyRetry,
  deliversRequests,
  deliversResults,
  keepsFailures,
];

/** Every stable name, once. */
export const PROPERTY_NAMES: readonly string[] = [
  ...new Set([...PROPERTIES, ...PROGRAM_PROPERTIES].map(({ name }) => name)),
];
