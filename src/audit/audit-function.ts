/** One function under audit: runs are drawn until they show nothing new, and each is judged by every rule. */
import { GPR } from '../../models/abi/registers.js';
import { TDVMCALL, TDVMCALL_STATUS } from '../../models/abi/tdvmcall.js';
import { functionAround } from '../harness/call-graph.js';
import { readHalves } from '../halves.js';
import type { Image } from '../image/image.js';
import { SLOT as STATE } from '../x86/layout.js';
import { segmentAt } from '../image/segments.js';
import { judgeHardening } from '../hardening/hardening.js';
import { symbolAt } from '../stage/functions.js';
import { STOP } from '../stage/stage.js';
import type { DecodedInstruction } from '../x86/decode.js';
import { EVENT, EVENT_WORD, EVENT_WORDS } from '../x86/events.js';
import type { ConventionName } from '../x86/conventions.js';
import { CALLING, conventionOfCode, parametersOf } from './calling.js';
import { type Draw, Drawer, type Knowledge } from './draw.js';
import { type AuditFinding, findingKey, type FunctionVerdict, NOTES } from './finding.js';
import { judgeCalls } from './judge-call.js';
import { judgeExposedAddresses, judgeExposure, judgeUntouched } from './judge-exposure.js';
import { judgeHostChoice } from './judge-host.js';
import { judgeReturn } from './judge-return.js';
import { isSeenBehind, judgeKeptUse, judgeStaleUse } from './judge-use.js';
import { type AuditRunner, type Call, MOST_CALLS, type Run, RUN_BUDGET } from './run.js';
import type { Variation } from './variation.js';
import { Scene } from './scene.js';
import { shorten } from '../text/escape.js';
import { hex } from '../text/hex.js';
import { exceptionName } from '../x86/exit.js';
import { behindParameter, Site } from './site.js';
import { type Source, sourceKey } from './source.js';
import type { AuditTarget } from './wrapped-calls.js';

/** Draws of a function: at least, at most, and how many without a new way end them. */
const DRAWS = { least: 80, most: 600, idle: 60 };
/** Instructions that the runs of one function may execute in all, and of all: a bound on time that every machine keeps alike. */
const INSTRUCTIONS = 1_500_000;
const ALL_INSTRUCTIONS = 60_000_000;
const ALL_DRAWS = 24_000;
/** Runs that a loop may keep for the whole budget, and what others have. */
const PATIENCE = 1;
const SHORT_BUDGET = 3_000;
/** How often runs of one way are compared with companions. */
const COMPANIONS = 6;
/** How often it is tried whether a status is looked at. */
const STATUS_TRIES = 8;
const MOST_READ = 24;
const MOST_CONSTANTS = 64;
const FAILURES = [0xc000010000000001n, 1n, 0x100000000n];

export class FunctionAudit {
  private readonly sites = new Map<bigint, Site>();
  private readonly findings = new Map<string, AuditFinding>();
  private readonly read = new Map<string, Source>();
  private readonly ways = new Map<string, number>();
  /** Why runs have no verdict, and why they came to no call. */
  private readonly reasons = new Map<string, number>();
  private readonly waysPast = new Map<string, number>();
  private readonly usedPointers = new Map<string, Set<bigint>>();
  /** By TDVMCALL: tries in which nothing depended on its status; -1 once something did. */
  private readonly ignored = new Map<bigint, number>();
  private readonly constants: readonly bigint[];
  private readonly scene: Scene;
  private readonly parameters: readonly string[];
  private reached = 0;
  /** Runs that ended where nobody knows what happens. */
  private lost = 0;
  /** Runs that the budget ended. */
  private waited = 0;

  constructor(
    private readonly runner: AuditRunner,
    private readonly target: AuditTarget,
    private readonly seed: string,
    usual: ConventionName,
    told: boolean,
    /** How many functions the image has to be run. */
    private readonly functions: number,
  ) {
    this.constants = constantsOf(runner.stage.image, target.address);
    this.scene = new Scene(
      runner,
      target.address,
      (call) => this.siteOf(call),
      (finding) => {
        // What is lost is lost once, by whichever way.
        const key = finding.rule.startsWith('keeps-') ? `${finding.rule} ${finding.subject}` : findingKey(finding);
        if (!this.findings.has(key)) this.findings.set(key, finding);
      },
    );
    runner.calling = CALLING[usual];
    const first = this.beginning();
    const convention = told ? usual : conventionOfCode(first, usual);
    runner.calling = CALLING[convention];
    this.parameters = parametersOf(first, convention);
  }

  /** What is executed from the entry on, up to the first call of another function. */
  private beginning(): DecodedInstruction[] {
    const draw = new Drawer(this.seed, this.target.symbol).draw(
      0,
      this.runner.calling.parameters.length,
      this.knowledge(),
    );
    const instructions = this.scene.steps(draw).flatMap((address) => this.scene.instruction(address) ?? []);
    // The first instruction of a kernel's function calls its tracer.
    const end = instructions.findIndex(({ flow }, index) => index > 1 && (flow === 'call' || flow === 'environment'));
    return end < 0 ? instructions : instructions.slice(0, end);
  }

  judge(): FunctionVerdict {
    const { runner, target } = this;
    const drawer = new Drawer(this.seed, target.symbol);
    runner.budget = RUN_BUDGET;
    const budget = runner.executed + Math.min(INSTRUCTIONS, ALL_INSTRUCTIONS / this.functions);
    const most = Math.max(DRAWS.least, Math.min(DRAWS.most, ALL_DRAWS / this.functions));
    let number = 0;
    let newest = 0;
    while (number < most && runner.executed < budget) {
      if (number >= DRAWS.least && number - newest > DRAWS.idle) break;
      runner.limits = this.limits();
      const draw = drawer.draw(number, runner.calling.parameters.length, this.knowledge());
      if (this.one(draw)) newest = number;
      number++;
    }
    this.reportIgnored();
    this.reportHardening();
    return this.verdict(number);
  }

  /** What no run shows. Of an address that a run has shown to be the host's nothing more is said. */
  private reportHardening(): void {
    const { image } = this.scene;
    const symbol = symbolAt(image, this.target.address)?.symbol;
    if (symbol === undefined || symbol.address !== this.target.address) return;
    const shown = new Set([...this.findings.values()].filter(isOfHost).map(({ address }) => address));
    for (const finding of judgeHardening(image, symbol))
      if (finding.rule !== 'speculative-host-value' || !shown.has(finding.address))
        this.findings.set(findingKey(finding), finding);
  }

  /** @returns whether the run took a way that none took before */
  private one(draw: Draw): boolean {
    const { scene, runner } = this;
    const run = scene.again(draw);
    this.learn(run);
    if (run.end === STOP.unknown) {
      this.lost++;
      count(this.reasons, run.problem);
    } else if (run.calls.length === 0) count(this.waysPast, this.wayPast(run));
    if (run.calls.length > 0) this.reached++;
    // Whoever waits in a loop for a value that does not come waits shorter the next time.
    if (run.end === STOP.budget && ++this.waited >= PATIENCE) runner.budget = SHORT_BUDGET;
    judgeCalls(scene, run);
    judgeReturn(scene, run);
    judgeExposedAddresses(scene, run, this.usedPointers);
    this.noteLoop(run);
    const seen = this.ways.get(run.path) ?? 0;
    this.ways.set(run.path, seen + 1);
    if (run.calls.length > 0 && seen < COMPANIONS) this.compare(run, seen);
    return seen === 0;
  }

  /** Why a run did not come to a call, for people. */
  private wayPast(run: Run): string {
    const { stage } = this.scene;
    const place = shorten(stage.place(readHalves(run.final, 2 * STATE.RIP)));
    switch (run.end) {
      case STOP.returned:
        return 'it returns before';
      case STOP.faulted:
        return `${exceptionName(run.detail)} at ${place}${run.faultAddress === 0n ? '' : `, access to ${hex(run.faultAddress)}`}`;
      case STOP.budget:
        return `it goes on without end at ${place}`;
      default:
        return `it stops at ${place}`;
    }
  }

  private compare(run: Run, seen: number): void {
    const { scene } = this;
    if (seen === 0) judgeUntouched(scene, run);
    const registers: Variation = { registers: true };
    const otherRegisters = scene.again(run.draw, registers);
    judgeExposure(scene, run, otherRegisters, registers);
    // What a leaf of the trusted module leaves alone is handed on by stubs that serve every leaf.
    const shown = run.calls.findIndex((call) => call.isVmcall && !this.siteOf(call).maskIsGiven);
    if (shown >= 0) judgeStaleUse(scene, run, otherRegisters, registers, shown);
    const stack: Variation = { stack: true };
    judgeExposure(scene, run, scene.again(run.draw, stack), stack);
    if (!run.calls.some(({ isVmcall }) => isVmcall)) return;
    for (const host of ['values', 'all'] as const)
      judgeHostChoice(scene, run, scene.again(run.draw, { host }), { host });
    judgeKeptUse(scene, run);
    this.tryStatus(run);
  }

  private siteOf(call: Call): Site {
    let site = this.sites.get(call.address);
    if (site === undefined) this.sites.set(call.address, (site = new Site(call.address, call.instruction)));
    return site;
  }

  private learn(run: Run): void {
    for (const call of run.calls) this.siteOf(call).learn(call, run);
    const { events } = run;
    for (let at = 0; at < events.length && this.read.size < MOST_READ; at += EVENT_WORDS) {
      if (events[at + EVENT_WORD.KIND] !== EVENT.Load) continue;
      const source = behindParameter(readHalves(events, at + EVENT_WORD.ADDRESS_LOW), run);
      if (source !== undefined) this.read.set(sourceKey(source), source);
    }
  }

  /** The first call decides what further draws lead to. */
  private knowledge(): Knowledge {
    const [site] = this.sites.values();
    const source = (register: number): Source | undefined => site?.sources.get(register);
    const [leaf, mask, vendor, sub] = [GPR.RAX, GPR.RCX, GPR.R10, GPR.R11].map(source);
    return {
      constants: this.constants,
      read: [...this.read.values()],
      instruction: site?.instruction ?? 'TDCALL',
      exposable: site?.exposable ?? 0,
      ...(leaf !== undefined && { leaf }),
      ...(mask !== undefined && { mask }),
      ...(vendor !== undefined && { vendor }),
      ...(sub !== undefined && { function: sub }),
    };
  }

  private limits(): Map<bigint, number> {
    const given = [...this.sites.values()].filter(({ maskIsGiven }) => maskIsGiven);
    return new Map(given.map((site) => [site.address, site.exposable]));
  }

  /** A host that answers the same for ever. */
  private noteLoop(run: Run): void {
    const last = run.calls.at(-1);
    if (run.end !== STOP.budget || last === undefined || run.calls.length < MOST_CALLS) return;
    if (run.calls.filter(({ address, isVmcall }) => isVmcall && address === last.address).length < MOST_CALLS / 2)
      return;
    // The caller's length, or a dead end on purpose: then no other answer ends it.
    const { answers } = run.draw;
    const others = [
      { ...answers, like: 'zeros' as const, r10: [0n], statuses: [0n] },
      { ...answers, r10: [TDVMCALL_STATUS.INVALID_OPERAND], statuses: [0n] },
    ];
    if (others.every((other) => this.scene.again({ ...run.draw, answers: other }).calls.length >= MOST_CALLS)) return;
    this.scene.report({
      rule: 'endless-host-loop',
      subject: '',
      address: last.address,
      found: 'the function calls again for as long as the host answers so',
    });
  }

  /** Whether anything depends on the status of a TDVMCALL: only RAX differs, since the host leaves everything as it was. */
  private tryStatus(run: Run): void {
    const first = run.calls.findIndex(({ isVmcall }) => isVmcall);
    const tries = this.ignored.get(run.calls[first].address) ?? 0;
    if (tries < 0 || tries >= STATUS_TRIES) return;
    const { scene } = this;
    const draw = { ...run.draw, answers: { ...run.draw.answers, like: 'echo' as const, r10: [], statuses: [0n] } };
    const plain = scene.again(draw);
    const call = plain.calls[first];
    if (call === undefined || !call.isVmcall || call.address !== run.calls[first].address) return;
    // An access that went wrong says nothing of what would have come; one of the image itself comes again and again.
    if (plain.end === STOP.faulted && !scene.stage.isInImage(plain.faultAddress)) {
      const rip = readHalves(plain.final, 2 * STATE.RIP);
      if (scene.stage.isInImage(rip) && scene.instruction(rip)?.flow !== 'return') return;
    }
    // What the module refuses has the same status whatever was drawn, and a host that is told of a fatal error does not come back.
    if (readHalves(call.registers, 2 * GPR.R11) === BigInt(TDVMCALL.ReportFatalError)) return;
    // Who does nothing more takes nothing for an answer: a halt for good, a report of a fatal error.
    const goesOn = plain.end === STOP.returned || plain.end === STOP.faulted;
    if (!goesOn && plain.events.length === call.events * EVENT_WORDS) return;
    const value = FAILURES[tries % FAILURES.length];
    const failed = scene.again(draw, { status: { call: first, value } });
    this.ignored.set(call.address, isSeenBehind(scene, plain, failed, first) ? -1 : tries + 1);
  }

  private reportIgnored(): void {
    for (const [address, tries] of this.ignored) {
      if (tries <= 0) continue;
      this.scene.report({
        rule: 'status-ignored',
        subject: 'RAX',
        address,
        found: 'nothing depends on RAX behind the call: a TDVMCALL that failed is taken for one that was answered',
      });
    }
  }

  /** Whether what it shows the host is its caller's: then its callers set the registers. */
  get isConveyor(): boolean {
    return [...this.sites.values()].some((site) => site.isGiven(GPR.R11) && site.isGiven(GPR.R12));
  }

  private verdict(runs: number): FunctionVerdict {
    const { target } = this;
    const all = [...this.findings.values()];
    const reasons = this.lost > 0 ? this.reasons : this.reached === 0 ? this.waysPast : [];
    const [reason] = [...reasons].sort(([, a], [, b]) => b - a);
    return {
      symbol: target.symbol,
      address: target.address,
      instructions: [...new Set([...this.sites.values(), ...target.own].map(({ instruction }) => instruction))].sort(),
      convention: this.runner.calling.name,
      parameters: this.parameters,
      calls: target.calls,
      findings: all.filter(({ rule }) => !NOTES.has(rule)),
      notes: all.filter(({ rule }) => NOTES.has(rule)),
      inherited: 0,
      runs,
      paths: this.ways.size,
      reached: this.reached,
      unknown: this.lost,
      unknownReason: reason?.[0] ?? '',
    };
  }
}

function isOfHost({ rule }: AuditFinding): boolean {
  return rule === 'host-address' || rule === 'host-jump';
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** Functions whose constants are looked at: the one under audit, and what it calls first. */
const LOOKED_AT = 8;

/** Immediate operands of the function and of what it calls: what its decisions compare with. */
function constantsOf(image: Image, entry: bigint): bigint[] {
  const constants = new Set<bigint>();
  const functions = [entry];
  for (let next = 0; next < functions.length && next < LOOKED_AT; next++)
    for (const { immediates, flow, target } of functionAround(image, functions[next])?.instructions ?? []) {
      if (flow === 'call' && target !== undefined && !functions.includes(target)) functions.push(target);
      // An address is none that a caller or a host would come by.
      for (const value of immediates)
        if (constants.size < MOST_CONSTANTS && segmentAt(image.segments, value) === undefined) constants.add(value);
    }
  return [...constants];
}
