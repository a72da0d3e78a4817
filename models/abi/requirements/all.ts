/** Every requirement, by area. */
import { CALLING_REQUIREMENTS } from './calling.js';
import { DISPATCHER_REQUIREMENTS } from './dispatcher.js';
import { GUEST_DEVICE_REQUIREMENTS } from './guest-devices.js';
import { GUEST_HELPER_REQUIREMENTS } from './guest-helpers.js';
import { UNCOVERED_GUEST_REQUIREMENTS } from './guest-uncovered.js';
import { OTHER_PROJECT_REQUIREMENTS } from './other-projects.js';
import type { Requirement } from './requirement.js';
import { SUB_FUNCTION_REQUIREMENTS } from './sub-functions.js';
import { SEAMCALL_REQUIREMENTS } from './seamcall.js';
import { TDCALL_REQUIREMENTS } from './tdcall.js';
import { TDVMCALL_REQUIREMENTS } from './tdvmcall.js';

export interface RequirementArea {
  readonly name: string;
  readonly requirements: readonly Requirement[];
}

/** In the order in which lists show them. */
export const REQUIREMENT_AREAS: readonly RequirementArea[] = [
  { name: 'TDCALL and TDG.VP.VMCALL', requirements: [...TDCALL_REQUIREMENTS, ...TDVMCALL_REQUIREMENTS] },
  { name: 'calling convention', requirements: CALLING_REQUIREMENTS },
  { name: 'SEAMCALL and TDH.VP.ENTER', requirements: SEAMCALL_REQUIREMENTS },
  {
    name: 'guest helpers',
    requirements: [...GUEST_HELPER_REQUIREMENTS, ...GUEST_DEVICE_REQUIREMENTS, ...UNCOVERED_GUEST_REQUIREMENTS],
  },
  { name: 'dispatcher and round trip', requirements: [...DISPATCHER_REQUIREMENTS, ...SUB_FUNCTION_REQUIREMENTS] },
  { name: 'other projects', requirements: OTHER_PROJECT_REQUIREMENTS },
];

export const REQUIREMENTS: readonly Requirement[] = REQUIREMENT_AREAS.flatMap(({ requirements }) => requirements);
