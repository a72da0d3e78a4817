/** What a TDVMCALL shows the host. */
import { GPR, GPR_NAMES } from '../../models/abi/registers.js';
import { equalHalves, highHalf, readHalves } from '../halves.js';
import { segmentAt } from '../image/segments.js';
import { symbolAt } from '../stage/functions.js';
import { REGIONS } from '../stage/layout.js';
import { GIVEN_BY, givenBy } from './argument-space.js';
import type { Call, Run } from './run.js';
import type { Variation } from './variation.js';
import type { Scene } from './scene.js';
import { leadsToMemory } from './site.js';

/** Calls of a run that are looked at: what a loop calls again and again is judged where it begins. */
const FIRST_CALLS = 6;

/** Compares what two runs show that differ in nothing that the host may see. */
export function judgeExposure(scene: Scene, run: Run, companion: Run, variation: Variation): void {
  for (const [index, call] of run.calls.slice(0, FIRST_CALLS).entries()) {
    const other = companion.calls[index];
    // Where the ways part, what is shown is the way's.
    if (other === undefined || other.path !== call.path) return;
    if (!isShown(scene, call) || !other.isVmcall) continue;
    for (const register of exposed(call)) {
      const value = readHalves(call.registers, 2 * register);
      if (equalHalves(other.registers, 2 * register, value)) continue;
      report(scene, run, index, register, describe(scene, run, value, variation));
    }
    exposedVectors(scene, call, other);
  }
}

/** Whether what a call shows is the function's own doing. */
function isShown(scene: Scene, call: Call): boolean {
  return call.isVmcall && !scene.siteOf(call).maskIsGiven;
}

function exposed(call: Call): number[] {
  const mask = call.registers[2 * GPR.RCX];
  return GPR_NAMES.map((_, register) => register).filter(
    (register) =>
      ((mask >>> register) & 1) !== 0 && register !== GPR.RSP && register !== GPR.RAX && register !== GPR.RCX,
  );
}

function report(scene: Scene, run: Run, index: number, register: number, what: string): void {
  const call = run.calls[index];
  const steps = scene.steps(run.draw);
  const writer = scene.writer(steps, scene.stepOf(steps, run, index), register);
  const from = writer === undefined ? 'nothing has written it' : `it was last written at ${scene.stage.place(writer)}`;
  scene.report({
    rule: 'exposes-no-stale-value',
    subject: GPR_NAMES[register],
    address: call.address,
    found: `${GPR_NAMES[register]} is exposed and holds ${what}; ${from}`,
  });
}

/** Where a value comes from that it should not hold. */
function describe(scene: Scene, run: Run, value: bigint, { stack }: Variation): string {
  const register = GPR_NAMES.findIndex((_, number) => number !== GPR.RSP && equalHalves(run.entry, 2 * number, value));
  if (register >= 0 && !scene.calling.parameters.includes(register)) {
    const kept = scene.calling.kept.includes(register) ? 'a saved register of the caller' : 'a stale register';
    return `what ${GPR_NAMES[register]} held at the entry, ${kept}`;
  }
  if (stack !== true) return 'a value that depends on registers that nobody set';
  const { address, size } = REGIONS[0].stack;
  if (value >= address && value < address + BigInt(size)) return 'an address on the stack';
  return 'what was left on the stack, or depends on where the stack lies';
}

function exposedVectors(scene: Scene, call: Call, other: Call): void {
  const mask = call.registers[2 * GPR.RCX] >>> 16;
  for (let register = 0; register < 16; register++) {
    if (((mask >>> register) & 1) === 0) continue;
    const words = [0, 1, 2, 3].map((word) => 4 * register + word);
    if (words.every((word) => call.vectors[word] === other.vectors[word])) continue;
    scene.report({
      rule: 'exposes-no-stale-value',
      subject: `XMM${register}`,
      address: call.address,
      found: `XMM${register} is exposed and holds what nobody gave`,
    });
  }
}

/** Addresses of code, and pointers that were used: seen in one run, by their values. */
export function judgeExposedAddresses(scene: Scene, run: Run, usedPointers: Map<string, Set<bigint>>): void {
  for (const [index, call] of run.calls.slice(0, FIRST_CALLS).entries()) {
    if (!isShown(scene, call)) continue;
    for (const register of exposed(call)) {
      const value = readHalves(call.registers, 2 * register);
      if (isCode(scene, value) && scene.isOwn(run, index, register))
        report(scene, run, index, register, 'an address of code');
      if (givenBy(value) !== GIVEN_BY.caller || !leadsToMemory(value, run, call)) continue;
      const key = `${call.address} ${register}`;
      const seen = usedPointers.get(key) ?? new Set<bigint>();
      usedPointers.set(key, seen.add(value));
      // Two pointers may lie near each other by chance, but not twice.
      if (seen.size < 2) continue;
      scene.report({
        rule: 'exposes-no-used-pointer',
        subject: GPR_NAMES[register],
        address: call.address,
        found: `${GPR_NAMES[register]} is exposed and holds a pointer through which memory was accessed before`,
      });
    }
  }
}

function isCode(scene: Scene, value: bigint): boolean {
  // Small numbers are addresses of code in an image that is linked low.
  if (highHalf(value) === 0 || segmentAt(scene.image.segments, value)?.execute !== true) return false;
  // Linkers put constants beside code.
  return symbolAt(scene.image, value)?.symbol.kind !== 'object';
}

/** A register of a parameter that no instruction touches, and that the host may see. */
export function judgeUntouched(scene: Scene, run: Run): void {
  const [call] = run.calls;
  if (call === undefined || !isShown(scene, call)) return;
  const shown = exposed(call).filter(
    (register) =>
      scene.calling.parameters.includes(register) &&
      equalHalves(run.entry, 2 * register, readHalves(call.registers, 2 * register)),
  );
  if (shown.length === 0) return;
  const steps = scene.steps(run.draw);
  const before = steps.slice(0, scene.stepOf(steps, run, 0)).map((address) => scene.instruction(address));
  for (const register of shown) {
    const bit = (mask: number | undefined): boolean => (((mask ?? 0) >>> register) & 1) !== 0;
    if (before.some((instruction) => bit(instruction?.readsRegisters) || bit(instruction?.writesRegisters))) continue;
    scene.report({
      rule: 'untouched-parameter',
      subject: GPR_NAMES[register],
      address: call.address,
      found: `${GPR_NAMES[register]} is exposed as the caller left it`,
    });
  }
}
