/** The platform that a run of the SEAM model stands for. 64-bit values are [bits 31:0, bits 63:32]. */
export interface SeamConfiguration {
  /** Release of the TDX module. */
  readonly version: '1.5.01';
  /** MAXPA: physical addresses have so many bits, 33 to 52. */
  readonly maxPhysicalAddressBits: number;
  /** The lowest physical address in any TDMR. Whether a higher one is in a TDMR is not part of the configuration. */
  readonly lowestTdmr: readonly [low: number, high: number];
  /** TDH.SYS.LP.INIT was done on the calling logical processor. */
  readonly lpInitialised: boolean;
}

/**
 * The configuration of all recorded vectors. MAXPA: docs/abi/vectors.md#configuration. The rest is not stated there. TDMRs are
 * aligned to 1 GB, the recorded TDVPR is at 0x400a0000, and address 0 was out of range: the lowest begins at 1 GB.
 * TDH.SYS.INFO and TDH.SYS.RD got past their check of the logical processor in every state.
 */
export const REFERENCE_CONFIGURATION: SeamConfiguration = {
  version: '1.5.01',
  maxPhysicalAddressBits: 46,
  lowestTdmr: [0x40000000, 0],
  lpInitialised: true,
};
