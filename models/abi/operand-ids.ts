/**
 * Operand ids: what details level 2 (bits 31:0) of TDX_OPERAND_INVALID, TDX_OPERAND_BUSY and their like names.
 * Source: status-codes.json (module 1.5.01; newer trees where said).
 */

/** Operand ids of module 1.5.01. */
export const OPERAND_IDS = {
  RAX: 0,
  RCX: 1,
  RDX: 2,
  RBX: 3,
  RBP: 5,
  RSI: 6,
  RDI: 7,
  R8: 8,
  R9: 9,
  R10: 10,
  R11: 11,
  R12: 12,
  R13: 13,
  R14: 14,
  R15: 15,
  ATTRIBUTES: 64,
  XFAM: 65,
  EXEC_CONTROLS: 66,
  EPTP_CONTROLS: 67,
  MAX_VCPUS: 68,
  CPUID_CONFIG: 69,
  TSC_FREQUENCY: 70,
  NUM_L2_VMS: 71,
  IA32_ARCH_CAPABILITIES_CONFIG: 72,
  PAGE: 95,
  TDMR_INFO_PA: 96,
  GPA_LIST_ENTRY: 97,
  MIG_BUFF_LIST_ENTRY: 98,
  NEW_PAGE_LIST_ENTRY: 99,
  TDR: 128,
  TDCX: 129,
  TDVPR: 130,
  REG_PAGE: 132,
  TDCS: 144,
  TDVPS: 145,
  SEPT_TREE: 146,
  SEPT_ENTRY: 147,
  RTMR: 168,
  TD_EPOCH: 169,
  L2_VAPIC_GPA: 170,
  MIGSC: 171,
  OP_STATE: 172,
  MIG: 173,
  SERVTD_BINDINGS: 174,
  METADATA_FIELD: 176,
  SYS: 184,
  TDMR: 185,
  KOT: 186,
  KET: 187,
  WBCACHE: 188,
} as const;

/** Operand ids that newer trees add; those of 2.0 say so. */
export const OPERAND_IDS_NEWER = {
  NUM_VCPUS: 177,
  CPUID_FIXED0_BITMAP: 178,
  PASID_TRK_2_0: 175,
  PASIDMT_2_0: 256,
  MMIOMT_2_0: 257,
  SPDMMT_2_0: 258,
  DMAR_2_0: 320,
} as const;

/** Name of an operand of module 1.5.01. */
export type OperandName = keyof typeof OPERAND_IDS;
