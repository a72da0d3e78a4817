import { GPR, type GprName } from '../abi/registers.js';
import { TDCALL_LEAF } from '../abi/tdcall-leaves.js';
import type { LeafValues } from './leaf-rule.js';

/**
 * What a leaf returns once its checks passed, for the leaves whose outputs the configuration and the pending #VE decide
 * (module 1.5.01). A leaf that is missing here depends on state that a call does not show.
 */
export const LEAF_VALUES: Readonly<Record<number, LeafValues>> = {
  [TDCALL_LEAF.VP_INFO]: ({ config }, out) => {
    write(out, 'RCX', config.td.gpaw, 0);
    write(out, 'RDX', ...config.td.attributes);
    write(out, 'R8', config.td.numVcpus, config.td.maxVcpus);
    write(out, 'R9', config.td.vcpuIndex, 0);
    // TDG.SYS.RD exists in this version.
    write(out, 'R10', 1, 0);
    write(out, 'R11', 0, 0);
  },
  [TDCALL_LEAF.VP_VEINFO_GET]: ({ pendingVe }, out) => {
    if (pendingVe === undefined) throw new Error('TDG.VP.VEINFO.GET succeeded without a pending #VE');
    // Version 0: the upper half, the category of newer modules, is zero.
    write(out, 'RCX', pendingVe.exitReason[0], 0);
    write(out, 'RDX', ...pendingVe.exitQualification);
    write(out, 'R8', ...pendingVe.gla);
    write(out, 'R9', ...pendingVe.gpa);
    write(out, 'R10', ...pendingVe.lengthAndInformation);
  },
  [TDCALL_LEAF.VP_CPUIDVE_SET]: () => {},
  [TDCALL_LEAF.VP_INVEPT]: () => {},
};

function write(out: Int32Array, register: GprName, low: number, high: number): void {
  out[2 * GPR[register]] = low;
  out[2 * GPR[register] + 1] = high;
}
