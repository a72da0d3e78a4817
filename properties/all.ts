/** Every property, in the order in which reports list them. */
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
import { endsSafely } from './ends-safely.js';
import { exitsToUserspace } from './exits-to-userspace.js';
import { exposesOnlyArguments } from './exposes-only-arguments.js';
import { haltWithoutLostWakeup } from './halt-without-lost-wakeup.js';
import { failureLeavesOutputs } from './failure-leaves-outputs.js';
import { issuesSti } from './issues-sti.js';
import { keepsCalleeSaved } from './keeps-callee-saved.js';
import { keepsFlags } from './keeps-flags.js';
import { keepsStack } from './keeps-stack.js';
import { keepsVectorState } from './keeps-vector-state.js';
import { mapGpaRetry } from './map-gpa-retry.js';
import { mapsTdcallErrors } from './maps-tdcall-errors.js';
import { marshalsArguments } from './marshals-arguments.js';
import { mmioWidth } from './mmio-width.js';
import { msrHalves } from './msr-halves.js';
import { packsFatalError } from './packs-fatal-error.js';
import { portIoWidth } from './port-io-width.js';
import { returnsStatus } from './returns-status.js';
import { keepsFailures } from './keeps-failures.js';
import { leaksNoHostState } from './leaks-no-host-state.js';
import { routesSubfunction } from './routes-subfunction.js';
import { scrubsHostValues } from './scrubs-host-values.js';
import { stopsOnFailure } from './stops-on-failure.js';
import { terminates } from './terminates.js';
import { mapsErrno } from './maps-errno.js';
import { mapsExceptions } from './maps-exceptions.js';
import { mapsVmfailinvalid } from './maps-vmfailinvalid.js';
import { savesEverythingAcrossVpEnter } from './saves-everything-across-vp-enter.js';
import { seamcallFrame } from './seamcall-frame.js';
import { usesNoHostValueAsAddress } from './uses-no-host-value-as-address.js';
import { validatesAll64Bits } from './validates-all-64-bits.js';
import { vmcallFrame } from './vmcall-frame.js';
import { writesOnlyResults } from './writes-only-results.js';
import { writesOutputs } from './writes-outputs.js';

export const PROPERTIES: readonly PropertyDefinition[] = [
  vmcallFrame,
  marshalsArguments,
  exposesOnlyArguments,
  returnsStatus,
  writesOutputs,
  decodesExitReason,
  routesSubfunction,
  validatesAll64Bits,
  answersStatus,
  exitsToUserspace,
  completesUserspaceExit,
  chunksMapGpa,
  writesOnlyResults,
  leaksNoHostState,
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
  portIoWidth,
  mmioWidth,
  msrHalves,
  cpuidWidth,
  mapGpaRetry,
  haltWithoutLostWakeup,
  advancesRip,
  packsFatalError,
  mapsTdcallErrors,
  seamcallFrame,
  mapsVmfailinvalid,
  mapsExceptions,
  failureLeavesOutputs,
  savesEverythingAcrossVpEnter,
  mapsErrno,
  boundsEntropyRetry,
  deliversRequests,
  deliversResults,
  keepsFailures,
];

/** Every stable name. */
export const PROPERTY_NAMES: readonly string[] = PROPERTIES.map(({ name }) => name);
