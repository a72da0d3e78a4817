/** What a function leaves behind: its caller's stack and registers, whatever was answered. */
import { GPR, GPR_NAMES } from '../../models/abi/registers.js';
import { readHalves } from '../halves.js';
import { STOP } from '../stage/stage.js';
import { hex } from '../text/hex.js';
import { EVENT, EVENT_WORD, EVENT_WORDS } from '../x86/events.js';
import { VECTOR } from '../x86/exit.js';
import { FLAG } from '../x86/flags.js';
import { SLOT as STATE } from '../x86/layout.js';
import { nth } from './answers.js';
import { GIVEN_BY, givenBy } from './argument-space.js';
import type { Run } from './run.js';
import type { Scene } from './scene.js';

export function judgeReturn(scene: Scene, run: Run): void {
  if (run.end === STOP.faulted && run.problem === '') judgeLost(scene, run);
  if (run.end !== STOP.returned) return;
  judgeStack(scene, run);
  judgeRegisters(scene, run);
  judgeVectors(scene, run);
  if ((run.final[2 * STATE.RFLAGS] & FLAG.DF) === 0) return;
  scene.report({
    rule: 'keeps-direction-flag',
    subject: 'DF',
    address: lastOf(scene, scene.steps(run.draw)),
    found: `DF is 1 at the return ${situation(run)}`,
  });
}

/** What was answered, for people. */
function situation({ calls, draw }: Run): string {
  const [call] = calls;
  if (call === undefined) {
    const nulls = draw.parameters.some((value) => value === 0n) || draw.stack.some((value) => value === 0n);
    return `without a call${nulls ? ' (a parameter was NULL)' : ''}`;
  }
  if (call.instruction === 'SEAMCALL' && draw.answers.seamcall !== 'completes')
    return `when SEAMCALL ends in ${draw.answers.seamcall}`;
  if (call.status !== 0n) return `when the call fails with RAX ${hex(call.status)}`;
  const refusal = call.isVmcall ? nth(draw.answers.r10, 0) : undefined;
  return refusal === undefined || refusal === 0n
    ? 'when the call succeeds'
    : `when the host answers R10 ${hex(refusal)}`;
}

/** The last instruction of the code: behind it there is only the address that it went to. */
function lastOf(scene: Scene, steps: readonly bigint[]): bigint {
  return steps.findLast((address) => scene.stage.isInImage(address)) ?? steps[0];
}

/** A return that does not lead back to the caller. */
function judgeLost(scene: Scene, run: Run): void {
  const rip = readHalves(run.final, 2 * STATE.RIP);
  const isCode = scene.instruction(rip) !== undefined;
  if (isCode ? run.detail !== VECTOR.GP && run.detail !== VECTOR.SS : run.detail !== VECTOR.PF) return;
  const steps = scene.steps(run.draw);
  // A kernel's RET may lie in a thunk from outside of the image.
  const executed = steps.findLast((address) => scene.instruction(address) !== undefined) ?? rip;
  if (scene.instruction(executed)?.flow !== 'return' || isThunk(run, executed, isCode)) return;
  scene.report({
    rule: 'keeps-stack',
    subject: 'RSP',
    address: lastOf(scene, steps),
    found: `it returns to ${describe(run, isCode ? undefined : rip)}, and not to its caller, ${situation(run)}`,
  });
}

/** How far before its RET a thunk puts the target of an indirect call on the stack. */
const THUNK_BYTES = 16n;

/** A RET in place of an indirect call or jump: what it goes to was stored just before, and not pushed. */
function isThunk({ events, final }: Run, last: bigint, faulted: boolean): boolean {
  // A RET that faulted has not taken the address off the stack.
  const slot = readHalves(final, 2 * GPR.RSP) - (faulted ? 0n : 8n);
  for (let at = events.length - EVENT_WORDS; at >= 0; at -= EVENT_WORDS) {
    const kind = events[at + EVENT_WORD.KIND];
    if (kind !== EVENT.Store && kind !== EVENT.Push) continue;
    if (readHalves(events, at + EVENT_WORD.ADDRESS_LOW) !== slot) continue;
    const from = readHalves(events, at + EVENT_WORD.RIP_LOW);
    return kind === EVENT.Store && from < last && last - from <= THUNK_BYTES;
  }
  return false;
}

function describe({ entry }: Run, target: bigint | undefined): string {
  if (target === undefined) return 'an address that is none';
  const register = GPR_NAMES.findIndex((_, number) => readHalves(entry, 2 * number) === target);
  if (register >= 0) return `what ${GPR_NAMES[register]} held at the entry`;
  return givenBy(target) === GIVEN_BY.caller ? 'a value of its caller' : hex(target);
}

function judgeStack(scene: Scene, run: Run): void {
  const difference = readHalves(run.final, 2 * GPR.RSP) - (run.stackPointer + 8n);
  const report = (found: string): void =>
    scene.report({
      rule: 'keeps-stack',
      subject: 'RSP',
      address: lastOf(scene, scene.steps(run.draw)),
      found: `${found} ${situation(run)}`,
    });
  if (difference !== 0n)
    report(
      `RSP is ${difference < 0n ? -difference : difference} bytes too ${difference < 0n ? 'low' : 'high'} at the return`,
    );
  if (!run.callerStackKept) report('the stack of its caller was written to');
}

function judgeRegisters(scene: Scene, run: Run): void {
  for (const register of scene.calling.kept) {
    const value = readHalves(run.final, 2 * register);
    if (value === readHalves(run.entry, 2 * register)) continue;
    const steps = scene.steps(run.draw);
    const writer = scene.writer(steps, steps.length, register);
    if (writer !== undefined && isCallersChoice(scene, run, writer, register)) continue;
    const whose = givenBy(value) === GIVEN_BY.host ? ', which the host chose' : '';
    scene.report({
      rule: 'keeps-callee-saved',
      subject: GPR_NAMES[register],
      address: writer ?? lastOf(scene, steps),
      found: `${GPR_NAMES[register]} is not what it was at the entry, but ${hex(value)}${whose}, ${situation(run)}`,
    });
  }
}

/**
 * A register that the answer to a call changed, of which the caller says what it is: who asks a stub for every leaf for one
 * that gives more than the stub takes must know what it does.
 */
function isCallersChoice(scene: Scene, run: Run, writer: bigint, register: number): boolean {
  const index = run.calls.findLastIndex(({ address }) => address === writer);
  if (index < 0 || scene.siteOf(run.calls[index]).isGiven(register)) return false;
  if (!scene.isOwn(run, index, GPR.RAX)) return true;
  return run.calls[index].isVmcall && !scene.isOwn(run, index, GPR.RCX);
}

function judgeVectors(scene: Scene, run: Run): void {
  for (let register = 0; register < 16; register++) {
    if (((scene.calling.keptVectors >>> register) & 1) === 0) continue;
    const words = [0, 1, 2, 3].map((word) => 4 * register + word);
    if (words.every((word) => run.vectors[word] === run.entryVectors[word])) continue;
    scene.report({
      rule: 'keeps-callee-saved',
      subject: `XMM${register}`,
      address: lastOf(scene, scene.steps(run.draw)),
      found: `XMM${register} is not what it was at the entry, ${situation(run)}`,
    });
  }
}
