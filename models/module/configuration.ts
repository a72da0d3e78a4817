/** The platform and TD that a run of the module model stands for. */
export interface ModuleConfiguration {
  /** Release of the TDX module. */
  readonly version: '1.5.01';
  /** TD_PARAMS.CONFIG_FLAGS.NO_RBP_MOD: RBP may not be in the exposure mask, and the host keeps its own. */
  readonly noRbpMod: boolean;
  /** MAXPA: physical addresses have so many bits, 33 to 52. */
  readonly maxPhysicalAddressBits: number;
  /** SEAMOPS has SEAMVERIFYREPORT; `undefined` where nobody recorded it. */
  readonly seamVerifyReport: boolean | undefined;
  readonly td: TdConfiguration;
}

/** The TD and the vCPU in it that calls. 64-bit values are [bits 31:0, bits 63:32]. */
export interface TdConfiguration {
  /** Guest physical address width; bit `gpaw - 1` is the shared bit. */
  readonly gpaw: 48 | 52;
  readonly attributes: readonly [low: number, high: number];
  readonly xfam: readonly [low: number, high: number];
  readonly maxVcpus: number;
  readonly numVcpus: number;
  /** Index of the calling vCPU. */
  readonly vcpuIndex: number;
  /** L2 VMs of the TD (TD partitioning), 0 to 3. */
  readonly numL2Vms: number;
  /** Bits 63:0 of the TD's UUID: what is subtracted from a service TD's binding handle. */
  readonly uuidLow: readonly [low: number, high: number];
}

/**
 * The configuration of all recorded vectors (docs/abi/vectors.md#configuration): GPA width 52, MAXPA 46, one vCPU of at most four,
 * XFAM 3, ATTRIBUTES 0. Section 8 says nothing of L2 VMs and of the UUID; both are 0 in a TD built without them, and
 * the vectors agree. It does not say whether SEAMVERIFYREPORT was there, so leaf 22 is not decided.
 */
export const REFERENCE_CONFIGURATION: ModuleConfiguration = {
  version: '1.5.01',
  noRbpMod: false,
  maxPhysicalAddressBits: 46,
  seamVerifyReport: undefined,
  td: {
    gpaw: 52,
    attributes: [0, 0],
    xfam: [3, 0],
    maxVcpus: 4,
    numVcpus: 1,
    vcpuIndex: 0,
    numL2Vms: 0,
    uuidLow: [0, 0],
  },
};
