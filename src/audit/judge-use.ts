/** What the function does behind a call with values that nobody gave it, or that the host may have changed. */
import { GPR, GPR_NAMES } from '../../models/abi/registers.js';
import { TDVMCALL_FUNCTIONS } from '../../models/abi/tdvmcall.js';
import { readHalves } from '../halves.js';
import { STOP } from '../stage/stage.js';
import { EVENT_WORD, EVENT_WORDS } from '../x86/events.js';
import { SLOT as STATE } from '../x86/layout.js';
import { type AuditRule } from './finding.js';
import { type Call, isOutsideStore, type Run } from './run.js';
import type { Variation } from './variation.js';
import type { Scene } from './scene.js';

/** Registers that nobody gave hold something else in the companion: behind the call nothing may differ. */
export function judgeStaleUse(scene: Scene, run: Run, companion: Run, variation: Variation, index: number): void {
  const difference = differenceBehind(scene, run, companion, variation, index, true);
  if (difference === undefined) return;
  scene.report({
    rule: 'stale-register-used',
    subject: '',
    address: difference.address,
    found: `${difference.what} depends on a register that the function neither set nor received`,
  });
}

/** The register's value at a call that the host need not keep, and that its sub-function does not answer. */
export function judgeKeptUse(scene: Scene, run: Run): void {
  for (const [index, call] of run.calls.slice(0, 6).entries()) {
    const open = unanswered(scene, run, index, call);
    if (open === 0) continue;
    const all: Variation = { hostRegisters: open };
    const companion = scene.again(run.draw, all);
    if (differenceBehind(scene, run, companion, all, index, false) === undefined) return;
    for (let register = 0; register < 16; register++) {
      if (((open >>> register) & 1) === 0) continue;
      const one: Variation = { hostRegisters: 1 << register };
      const difference = differenceBehind(scene, run, scene.again(run.draw, one), one, index, false);
      if (difference === undefined) continue;
      const rule: AuditRule = 'exposed-register-kept';
      scene.report({
        rule,
        subject: GPR_NAMES[register],
        address: difference.address,
        found: `${difference.what} depends on ${GPR_NAMES[register]}, which was exposed at ${scene.stage.place(call.address)} and is no answer: the host may have changed it`,
      });
    }
    return;
  }
}

/** Exposed registers that the sub-function does not answer, one bit each; 0 where the caller says which it is. */
function unanswered(scene: Scene, run: Run, index: number, call: Call): number {
  if (!call.isVmcall || call.status !== 0n || scene.siteOf(call).maskIsGiven) return 0;
  if (readHalves(call.registers, 2 * GPR.R10) !== 0n) return 0;
  const number = readHalves(call.registers, 2 * GPR.R11);
  const row = TDVMCALL_FUNCTIONS.find((one) => BigInt(one.number) === number);
  if (row === undefined || !scene.isOwn(run, index, GPR.R11) || !scene.isOwn(run, index, GPR.RCX)) return 0;
  let open = call.registers[2 * GPR.RCX] & 0xffcc & ~(1 << GPR.R10) & ~(1 << GPR.R11);
  for (const [name, register] of Object.entries(GPR)) if (name in row.outputs) open &= ~(1 << register);
  return open;
}

interface Difference {
  address: bigint;
  what: string;
}

/** Where two runs part behind a call, which they make alike: a branch, a store to other than the stack, the result. */
function differenceBehind(
  scene: Scene,
  run: Run,
  companion: Run,
  variation: Variation,
  index: number,
  withStores: boolean,
): Difference | undefined {
  const call = run.calls[index];
  if (call === undefined || companion.calls[index]?.path !== call.path) return undefined;
  if (run.path !== companion.path) return partingBehind(scene, run, variation, index);
  if (withStores) {
    const store = otherStore(run, companion, call.events);
    if (store !== undefined) return { address: store, what: 'what is stored' };
  }
  if (run.end !== STOP.returned || companion.end !== STOP.returned) return undefined;
  const [low, high] = [2 * GPR.RAX, 2 * GPR.RAX + 1];
  if (run.final[low] === companion.final[low] && run.final[high] === companion.final[high]) return undefined;
  const steps = scene.steps(run.draw);
  const writer = scene.writer(steps, steps.length, GPR.RAX);
  // Functions without a result keep the stack aligned with a PUSH of any register, and a POP of RAX.
  if (writer === undefined || scene.instruction(writer)?.text.startsWith('pop') === true) return undefined;
  return { address: writer, what: 'the result in RAX' };
}

function partingBehind(scene: Scene, run: Run, variation: Variation, index: number): Difference | undefined {
  const steps = scene.steps(run.draw);
  const others = scene.steps(run.draw, variation);
  const at = steps.findIndex((address, step) => others[step] !== address);
  if (at <= scene.stepOf(steps, run, index) || at < 1) return undefined;
  const address = steps[at - 1];
  // A fault of an access is none of a decision.
  const flow = scene.instruction(address)?.flow;
  return flow === 'conditional' ? { address, what: 'the way of the code' } : undefined;
}

/** The first store to other than the stack whose value differs. */
function otherStore(run: Run, companion: Run, from: number): bigint | undefined {
  const count = Math.min(run.events.length, companion.events.length);
  for (let at = from * EVENT_WORDS; at < count; at += EVENT_WORDS) {
    if (!isOutsideStore(run, at)) continue;
    for (const word of [EVENT_WORD.VALUE_LOW, EVENT_WORD.VALUE_HIGH])
      if (run.events[at + word] !== companion.events[at + word]) return readHalves(run.events, at + EVENT_WORD.RIP_LOW);
  }
  return undefined;
}

/** Whether anything that can be seen of a run differs from another behind a call: the way, the result, stores, further calls. */
export function isSeenBehind(scene: Scene, run: Run, other: Run, index: number): boolean {
  const call = run.calls[index];
  if (run.path !== other.path || run.end !== other.end || run.calls.length !== other.calls.length) return true;
  // Also of a return that went astray: that is another finding.
  const rip = readHalves(run.final, 2 * STATE.RIP);
  const astray = scene.stage.isInImage(rip) ? scene.instruction(rip)?.flow === 'return' : run.end === STOP.faulted;
  const ended = run.end === STOP.returned || astray;
  if (ended && !sameWords(run.final, other.final, 2 * GPR.RAX, 2)) return true;
  if (otherStore(run, other, call.events) !== undefined) return true;
  return run.calls.some((later, at) => at > index && !sameWords(later.registers, other.calls[at].registers, 0, 32));
}

function sameWords(a: Int32Array, b: Int32Array, at: number, count: number): boolean {
  for (let word = at; word < at + count; word++) if (a[word] !== b[word]) return false;
  return true;
}
