import { DISPATCHER_WORDS } from '../../../models/exchange/words.js';
import type { Program } from '../../play/program.js';
import { ONE_EXIT, SEQUENCE } from './actions.js';
import { dispatcherContract } from './options.js';
import { DispatcherSession } from './session.js';

/** Steps of the longest sequence. */
const LONGEST = 12;

/** One exit of one vCPU and what userspace makes of it: fast, for millions of cases. */
export const ONE_EXIT_PROGRAM: Program = {
  name: 'dispatcher-one-exit',
  title: "the host's TDVMCALL dispatcher: one exit, and one completion by userspace",
  open: (image, contract) => {
    const space = { actions: ONE_EXIT, steps: { least: 1, most: 1 }, words: DISPATCHER_WORDS };
    return new DispatcherSession(image, dispatcherContract(contract), space, true);
  },
};

/** Several vCPUs, interleaved with userspace. */
export const SEQUENCE_PROGRAM: Program = {
  name: 'dispatcher-sequence',
  title: "the host's TDVMCALL dispatcher: exits of several vCPUs, interleaved with completions, errors and events",
  open: (image, contract) => {
    const space = { actions: SEQUENCE, steps: { least: 4, most: LONGEST }, words: DISPATCHER_WORDS };
    return new DispatcherSession(image, dispatcherContract(contract), space, false);
  },
};
