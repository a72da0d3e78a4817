/**
 * The id of a metadata field, as far as TDG.VM.RD and its kin examine it before they look the field up, and the few
 * fields whose access the recorded vectors decide. Layout and order read in intel/tdx-module 1.5.01; the rest of the
 * field tables is not in the model, so such a call's status is taken from whoever knows the TD's state.
 *
 * Id: [23:0] field code, [31:24] zero, [33:32] element size, [37:34] last element, [46:38] last field, [49:47] zero,
 * [50] increment, [51] write-mask valid, [54:52] context (ignored on input), [55] zero, [61:56] class, [62] zero,
 * [63] not architectural.
 */

/** Which table a leaf looks the id up in: the TD's (leaves 7, 8), the vCPU's (9, 10), the module's own (11). */
export type MetadataContext = 'td' | 'vcpu' | 'system';

/** Bits 54:52, ignored on input. */
const CONTEXT_HIGH = 0x00700000;
/** Bits 31:24. */
const RESERVED_LOW = 0xff000000 | 0;
/** Bits 62, 55, 49:47 reserved; 46:34 are for lists and must be zero for a single element. */
const NOT_SINGLE_HIGH = 0x4083fffc;

/** All ones but for the context: "the first field". */
export function isNullFieldId(low: number, high: number): boolean {
  return low === -1 && (high | CONTEXT_HIGH) === -1;
}

/** Whether the id can name one element: reserved bits, last element and last field are zero. */
export function isSingleElementId(low: number, high: number): boolean {
  return (low & RESERVED_LOW) === 0 && (high & NOT_SINGLE_HIGH) === 0;
}

/** What is known of a guest's access to a field. */
export type GuestAccess = 'absent' | 'none' | 'unknown';

/**
 * The field's access for the guest, where the model knows it. Class 0 of the TD context (TDR) starts at code 1, so code
 * 0 is absent; class 0 of the vCPU context is the TD VMCS, where code 0 is the VPID, closed to the guest.
 */
export function guestAccess(context: MetadataContext, low: number, high: number): GuestAccess {
  const classCode = (high >>> 24) & 0x3f;
  const fieldCode = low & 0xffffff;
  if (classCode !== 0 || fieldCode !== 0) return 'unknown';
  if (context === 'td') return 'absent';
  return context === 'vcpu' ? 'none' : 'unknown';
}
