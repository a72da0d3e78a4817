/** The built-in contract sets, one file a project and generation. */
import type { ContractSet } from '../contract.js';
import { EDK2, EDK2_2021, EDK2_202402 } from './edk2.js';
import { KVM_6_16, KVM_7_2, KVM_7_3, KVM_OBJECT_7_3 } from './kvm.js';
import { LINUX_5_19 } from './linux-5.19.js';
import { LINUX_6_3 } from './linux-6.3.js';
import { LINUX_6_4 } from './linux-6.4.js';
import { LINUX_6_7 } from './linux-6.7.js';
import { LINUX_6_8 } from './linux-6.8.js';
import {
  LINUX_HELPERS_5_19,
  LINUX_HELPERS_6_15,
  LINUX_HELPERS_6_3,
  LINUX_HELPERS_6_7,
  LINUX_HELPERS_7_3,
  LINUX_HELPERS_RFC_2021,
} from './linux-helpers.js';
import { LINUX_RFC_2021 } from './linux-rfc-2021.js';
import { LINUX_SEAMCALL_2023 } from './linux-seamcall-2023.js';
import { ROUND_TRIP_7_3 } from './round-trip.js';
import { TD_SHIM, TD_SHIM_2022, TD_SHIM_2023, TD_SHIM_2024 } from './td-shim.js';

export const CONTRACT_SETS: readonly ContractSet[] = [
  LINUX_5_19,
  LINUX_6_3,
  LINUX_6_4,
  LINUX_6_7,
  LINUX_6_8,
  LINUX_RFC_2021,
  LINUX_SEAMCALL_2023,
  LINUX_HELPERS_5_19,
  LINUX_HELPERS_6_3,
  LINUX_HELPERS_6_7,
  LINUX_HELPERS_6_15,
  LINUX_HELPERS_7_3,
  LINUX_HELPERS_RFC_2021,
  KVM_6_16,
  KVM_7_2,
  KVM_7_3,
  KVM_OBJECT_7_3,
  ROUND_TRIP_7_3,
  EDK2,
  EDK2_202402,
  EDK2_2021,
  TD_SHIM,
  TD_SHIM_2024,
  TD_SHIM_2023,
  TD_SHIM_2022,
];
