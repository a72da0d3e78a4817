/** Every property, in the order in which reports list them. */
import type { PropertyDefinition } from '../src/clause/property.js';
import { endsSafely } from './ends-safely.js';
import { exposesOnlyArguments } from './exposes-only-arguments.js';
import { failureLeavesOutputs } from './failure-leaves-outputs.js';
import { issuesSti } from './issues-sti.js';
import { keepsCalleeSaved } from './keeps-callee-saved.js';
import { keepsFlags } from './keeps-flags.js';
import { keepsStack } from './keeps-stack.js';
import { keepsVectorState } from './keeps-vector-state.js';
import { mapsExceptions } from './maps-exceptions.js';
import { mapsVmfailinvalid } from './maps-vmfailinvalid.js';
import { marshalsArguments } from './marshals-arguments.js';
import { returnsStatus } from './returns-status.js';
import { savesEverythingAcrossVpEnter } from './saves-everything-across-vp-enter.js';
import { scrubsHostValues } from './scrubs-host-values.js';
import { seamcallFrame } from './seamcall-frame.js';
import { stopsOnFailure } from './stops-on-failure.js';
import { terminates } from './terminates.js';
import { usesNoHostValueAsAddress } from './uses-no-host-value-as-address.js';
import { vmcallFrame } from './vmcall-frame.js';
import { writesOutputs } from './writes-outputs.js';

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
