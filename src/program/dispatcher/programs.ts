import { DISPATCHER_WORDS } from '../../../models/exchange/words.js';
import type { Program } from '../../play/program.js';
import { ONE_EXIT, SEQUENCE } from './actions.js';
import type { ProgramContract } from '../../contract/program-contract.js';
import type { Image } from '../../image/image.js';
import type { StorySpace } from '../../story/story.js';
import { KvmHost } from './kvm/host.js';
import { dispatcherTerms } from './options.js';
import { OwnHost } from './own-host.js';
import { DispatcherSession } from './session.js';

/** Steps of the longest sequence. */
const LONGEST = 12;

/** One exit of one vCPU and what userspace makes of it: fast, for millions of cases. */
export const ONE_EXIT_PROGRAM: Program = {
  name: 'dispatcher-one-exit',
  title: "the host's TDVMCALL dispatcher: one exit, and one completion by userspace",
  open: (image, contract) => {
    const space = { actions: ONE_EXIT, steps: { least: 1, most: 1 }, words: DISPATCHER_WORDS };
    return open(image, contract, space, true);
  },
};

/** Several vCPUs, interleaved with userspace. */
export const SEQUENCE_PROGRAM: Program = {
  name: 'dispatcher-sequence',
  title: "the host's TDVMCALL dispatcher: exits of several vCPUs, interleaved with completions, errors and events",
  open: (image, contract) => {
    const space = { actions: SEQUENCE, steps: { least: 4, most: LONGEST }, words: DISPATCHER_WORDS };
    return open(image, contract, space, false);
  },
};

function open(image: Image, given: ProgramContract, space: StorySpace, completes: boolean): DispatcherSession {
  const { contract, layout } = dispatcherTerms(given);
  const host = layout === undefined ? new OwnHost(image) : new KvmHost(image, layout);
  return new DispatcherSession(host, contract, space, completes);
}
