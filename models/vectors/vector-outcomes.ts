/** How a recorded run of the module ended, in the words of the vector files. */

/** The module resumed the TD. */
export const ENTRY_TO_TD = 'entry_to_td';
/** The module went to the host. */
export const SEAMRET_TO_VMM = 'seamret_to_vmm';
