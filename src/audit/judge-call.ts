/** What a TDCALL or SEAMCALL is as it is made: the leaf, the mask, the sub-function, interrupts at a HLT call. */
import { P_SEAMLDR_LEAVES } from '../../models/abi/p-seamldr.js';
import { GPR, GPR_NAMES, type GprName, NEVER_EXPOSED } from '../../models/abi/registers.js';
import { SEAMCALL_LEAVES, SEAMCALL_LEAVES_NEWER } from '../../models/abi/seamcall-leaves.js';
import { TDCALL_LEAVES, TDCALL_LEAVES_NEWER, TDCALL_RAX } from '../../models/abi/tdcall-leaves.js';
import { TDVMCALL, TDVMCALL_FUNCTIONS } from '../../models/abi/tdvmcall.js';
import { readHalves } from '../halves.js';
import { symbolAt } from '../stage/functions.js';
import { hex } from '../text/hex.js';
import { EVENT, EVENT_WORD, EVENT_WORDS } from '../x86/events.js';
import { FLAG } from '../x86/flags.js';
import type { AuditRule } from './finding.js';
import type { Call, Run } from './run.js';
import type { Scene } from './scene.js';

const FIRST_CALLS = 6;

export function judgeCalls(scene: Scene, run: Run): void {
  // What a loop calls again and again is judged where it begins.
  run.calls.slice(0, FIRST_CALLS).forEach((call, index) => {
    judgeLeaf(scene, run, index, call);
    if (!call.isVmcall) return;
    judgeMask(scene, run, index, call);
    judgeSubFunction(scene, run, index, call);
    judgeHalt(scene, run, index, call);
    judgeSti(scene, run, call);
  });
}

const register = (call: Call, number: number): bigint => readHalves(call.registers, 2 * number);

function judgeLeaf(scene: Scene, run: Run, index: number, call: Call): void {
  const rax = register(call, GPR.RAX);
  const problem = call.instruction === 'TDCALL' ? tdcallProblem(rax) : seamcallProblem(rax);
  if (problem === undefined || !scene.isOwn(run, index, GPR.RAX)) return;
  scene.report({ rule: 'known-leaf', subject: 'RAX', address: call.address, found: `RAX is ${hex(rax)}: ${problem}` });
}

/** What is wrong with RAX at TDCALL. */
function tdcallProblem(rax: bigint): string | undefined {
  return leafProblem(rax, 'TDCALL', TDCALL_LEAVES, TDCALL_LEAVES_NEWER);
}

function seamcallProblem(rax: bigint): string | undefined {
  if (rax >> 63n === 0n) return leafProblem(rax, 'SEAMCALL', SEAMCALL_LEAVES, SEAMCALL_LEAVES_NEWER);
  return P_SEAMLDR_LEAVES.some((leaf) => leaf.rax === rax) ? undefined : 'no leaf of the P-SEAMLDR';
}

interface Leaf {
  readonly leaf: number;
  readonly name: string;
  readonly versions?: readonly number[];
  readonly versionsNewer?: readonly number[];
}

/** Newer modules take a first version of more leaves than are tabulated here (docs/abi/tdcall.md). */
const NEWEST_VERSION = 1;

function leafProblem(
  rax: bigint,
  instruction: string,
  leaves: readonly Leaf[],
  newer: readonly Leaf[],
): string | undefined {
  const low = Number(BigInt.asUintN(32, rax));
  if (rax >> 32n !== 0n || (low & TDCALL_RAX.reservedLowMask) !== 0) return 'bits 63:32 and 31:24 must be 0';
  const number = low & TDCALL_RAX.leafMask;
  const version = (low & TDCALL_RAX.versionMask) >>> TDCALL_RAX.versionShift;
  const leaf = [...leaves, ...newer].find((one) => one.leaf === number);
  if (leaf === undefined) return `no ${instruction} leaf has the number ${number}`;
  const known = [...(leaf.versions ?? []), ...(leaf.versionsNewer ?? []), 0, NEWEST_VERSION];
  return known.includes(version) ? undefined : `${leaf.name} has no version ${version}`;
}

function judgeMask(scene: Scene, run: Run, index: number, call: Call): void {
  const mask = register(call, GPR.RCX);
  const low = Number(BigInt.asUintN(32, mask));
  const never = GPR_NAMES.filter((_, number) => ((low & NEVER_EXPOSED) >>> number) & 1);
  const wrong: string[] = [];
  if (never.length > 0) wrong.push(`${never.join(', ')} can never be exposed: every module refuses it`);
  if (mask >> 32n !== 0n) wrong.push('bits 63:32 must be 0: every module refuses it');
  if (wrong.length === 0 && ((low >>> GPR.RBP) & 1) !== 0)
    wrong.push('bit 5 (RBP) is set: it fails on every host with NO_RBP_MOD, KVM among them');
  if (wrong.length === 0 || !scene.isOwn(run, index, GPR.RCX)) return;
  scene.report({
    rule: 'legal-mask',
    subject: 'RCX',
    address: call.address,
    found: `the mask is ${hex(mask)}: ${wrong.join('; ')}`,
  });
}

/** Registers that a host must be able to read, by sub-function. Parts of a message, and what only some requests have, may be left out. */
const INPUTS: ReadonlyMap<number, readonly GprName[]> = new Map(
  TDVMCALL_FUNCTIONS.map(({ number, inputs }) => {
    const partly = number === TDVMCALL.ReportFatalError || number === TDVMCALL.MigTD;
    const named = Object.keys(inputs).filter((name): name is GprName => GPR_NAMES.some((known) => known === name));
    return [number, partly ? ['R12'] : named];
  }),
);

/** Those whose R15 is read only where R13 says that something is written. */
const WRITE_IN_R13: ReadonlySet<number> = new Set([TDVMCALL.IO, TDVMCALL.RequestMMIO]);

function judgeSubFunction(scene: Scene, run: Run, index: number, call: Call): void {
  const site = scene.siteOf(call);
  if (site.maskIsGiven || !scene.isOwn(run, index, GPR.RCX)) return;
  const mask = Number(BigInt.asUintN(16, register(call, GPR.RCX)));
  const vendor = register(call, GPR.R10);
  const missing = (names: readonly GprName[], what: string): void => {
    for (const name of names)
      if (((mask >>> GPR[name]) & 1) === 0)
        scene.report({
          rule: 'sub-function-in-mask',
          subject: name,
          address: call.address,
          found: `the mask ${hex(mask)} hides ${name}, which ${what} reads: the host takes it for 0`,
        });
  };
  if (vendor !== 0n) return void (scene.isOwn(run, index, GPR.R10) && missing(['R10'], 'a call of a vendor'));
  missing(['R11'], 'every standard call');
  const number = register(call, GPR.R11);
  const row = TDVMCALL_FUNCTIONS.find((one) => BigInt(one.number) === number);
  if (row === undefined || !scene.isOwn(run, index, GPR.R11)) return;
  const reads = (INPUTS.get(row.number) ?? []).filter(
    (name) => name !== 'R15' || !WRITE_IN_R13.has(row.number) || register(call, GPR.R13) === 1n,
  );
  missing(reads, row.name);
}

function judgeHalt(scene: Scene, run: Run, index: number, call: Call): void {
  if (register(call, GPR.R10) !== 0n || register(call, GPR.R11) !== BigInt(TDVMCALL.HLT)) return;
  if ((call.flags & FLAG.IF) === 0 || call.behindSti || !scene.isOwn(run, index, GPR.R11)) return;
  const report = (rule: AuditRule, found: string): void =>
    scene.report({ rule, subject: '', address: call.address, found });
  if (!run.draw.interrupts)
    report(
      'halt-interrupts',
      'interrupts were shut at the entry and are open at the call: a wake-up in between is lost',
    );
  // The caller may be meant to have shut them.
  else if (register(call, GPR.R12) === 1n && scene.isOwn(run, index, GPR.R12))
    report('halt-says-blocked', 'R12 says that interrupts are blocked also where the caller has left them open');
}

/** An STI counts where it is of the function that makes the call: others may open interrupts for reasons of their own. */
function judgeSti(scene: Scene, run: Run, call: Call): void {
  const { events } = run;
  let last = -1;
  for (let at = 0; at < call.events * EVENT_WORDS; at += EVENT_WORDS) {
    const kind = events[at + EVENT_WORD.KIND];
    if (kind === EVENT.Sti) last = at;
    else if (kind === EVENT.Cli) last = -1;
  }
  const earlier = Math.max(
    -1,
    ...run.calls.filter(({ events: before }) => before < call.events).map(({ events: e }) => e),
  );
  if (last < 0 || call.behindSti || last < earlier * EVENT_WORDS) return;
  const sti = readHalves(events, last + EVENT_WORD.RIP_LOW);
  const own = symbolAt(scene.image, call.address);
  if (own === undefined || symbolAt(scene.image, sti)?.symbol !== own.symbol) return;
  scene.report({
    rule: 'sti-before-tdcall',
    subject: '',
    address: call.address,
    found: `STI at ${scene.stage.place(sti)} opens interrupts before the call: one may come in between`,
  });
}
