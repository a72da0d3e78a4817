/** Finds the loops of the code, for the choice of what is translated as one piece. */
import type { Found } from './blocks.js';
import { endsBlock, successors } from './blocks.js';

/** Start of each loop -> the leaders in it. */
export type Loops = ReadonlyMap<bigint, ReadonlySet<bigint>>;

/** The natural loops: a branch that goes back to where the search is still under way closes one. */
export function findLoops(found: Found, entry: bigint): Loops {
  const loops = new Map<bigint, Set<bigint>>();
  const before = new Map<bigint, bigint[]>();
  const closing: { from: bigint; to: bigint }[] = [];
  const state = new Map<bigint, 'open' | 'done'>();
  const stack: { address: bigint; next: bigint[] }[] = [];
  const open = (address: bigint): void => {
    state.set(address, 'open');
    stack.push({ address, next: leadersAfter(found, address) });
  };
  open(entry);
  for (;;) {
    const top = stack.at(-1);
    if (top === undefined) break;
    const to = top.next.shift();
    if (to === undefined) {
      state.set(top.address, 'done');
      stack.pop();
      continue;
    }
    before.set(to, [...(before.get(to) ?? []), top.address]);
    if (state.get(to) === 'open') closing.push({ from: top.address, to });
    else if (state.get(to) === undefined) open(to);
  }
  for (const { from, to } of closing) {
    const body = loops.get(to) ?? new Set([to]);
    loops.set(to, body);
    const waiting = [from];
    for (;;) {
      const address = waiting.pop();
      if (address === undefined) break;
      if (body.has(address)) continue;
      body.add(address);
      waiting.push(...(before.get(address) ?? []));
    }
  }
  return loops;
}

/** Where the basic block that begins at a leader may lead. */
function leadersAfter({ instructions, leaders }: Found, leader: bigint): bigint[] {
  let at = leader;
  for (;;) {
    const instruction = instructions.get(at);
    if (instruction === undefined) return [];
    if (endsBlock(instruction)) return successors(instruction).filter((address) => instructions.has(address));
    at = instruction.next;
    if (leaders.has(at)) return instructions.has(at) ? [at] : [];
  }
}
