/**
 * What stands around a function under test, by name: functions that the world answers for instead of running them, whether
 * they lie outside of the image or, in a whole kernel, inside of it, and data that the code reads. One table for stubs and
 * programs; a project adds to it (`surroundings` of its configuration).
 */
import { UsageError } from '../errors.js';
import { shorten } from '../text/escape.js';

/**
 * `returns`: it comes back at once with RAX; `nothing`: it comes back and changes nothing; `stops`: it never comes back; `fails`:
 * whoever calls it has failed, which a trap says; `data`: no function, but a quadword outside of the image.
 */
export type Surrounding =
  | { does: 'returns'; value: bigint }
  | { does: 'nothing' }
  | { does: 'stops' }
  | { does: 'fails' }
  | { does: 'data'; value: bigint };

const STOPS: Surrounding = { does: 'stops' };
const NOTHING: Surrounding = { does: 'nothing' };
const FAILS: Surrounding = { does: 'fails' };
/** What a project says of a function that the table answers for and that is to run all the same. */
const RUNS = 'runs';
const returning = (value: bigint): Surrounding => ({ does: 'returns', value });

/** Functions of kernels and firmware that never return (docs/abi/linux-helpers.md#whole-kernels). */
const NEVER_RETURN = [
  '__tdx_hypercall_failed',
  'panic',
  'nmi_panic',
  'error',
  '__stack_chk_fail',
  'BUG',
  'abort',
  'do_exit',
  'do_group_exit',
  'make_task_dead',
  'machine_halt',
  'machine_power_off',
  'emergency_restart',
] as const;

/** What prints or counts, and so changes nothing that a rule of this tool speaks of; 0 is what those return that return a value. */
const SAY_SOMETHING = [
  '_printk',
  'printk',
  'vprintk',
  '_printk_deferred',
  'early_printk',
  '__dynamic_pr_debug',
  '___ratelimit',
  'dump_stack',
  'add_taint',
  '__might_sleep',
  '__might_resched',
] as const;

/** WARN of several versions: what it calls beside its trap (docs/abi/linux-helpers.md#whole-kernels). */
const WARN = ['__warn_printk', 'warn_slowpath_fmt', '__WARN_trap', '__SCT__WARN_trap'] as const;

/** Hooks of tracers, coverage and sanitisers at a function's start and at its edges. */
const HOOKS = [
  '__fentry__',
  '__sanitizer_cov_trace_pc',
  '__tsan_func_entry',
  '__tsan_func_exit',
  '__cyg_profile_func_enter',
  '__cyg_profile_func_exit',
] as const;

const BUILT_IN = new Map<string, Surrounding>([
  ...NEVER_RETURN.map((name) => [name, STOPS] as const),
  ...SAY_SOMETHING.map((name) => [name, returning(0n)] as const),
  ...WARN.map((name) => [name, NOTHING] as const),
  ...HOOKS.map((name) => [name, NOTHING] as const),
]);

/** Data of a kernel that code under test reads, in bytes (docs/abi/linux-helpers.md#whole-kernels). What it holds the program says. */
const DATA = new Map<string, number>([
  ['phys_base', 8],
  ['page_offset_base', 8],
  ['vmemmap_base', 8],
  ['vmalloc_base', 8],
  ['physical_mask', 8],
  ['cc_mask', 8],
  ['cc_vendor', 4],
  ['const_current_task', 8],
  ['__ref_stack_chk_guard', 8],
  ['__stack_chk_guard', 8],
  ['cpu_number', 4],
  ['__cpu_online_mask', 8],
  ['virt_rebooting', 1],
]);

/** What a project's configuration says, in this process. */
let declared: SurroundingSettings = {};
let ofProject: ReadonlyMap<string, Surrounding> = new Map();
let all: ReadonlyMap<string, Surrounding> = BUILT_IN;

/** What the world does where a function of this name would run; undefined if nothing models it. */
export function surroundingOf(name: string): Surrounding | undefined {
  return all.get(name);
}

/** All that it does so for, by name: another map once a project has said something else. */
export function surroundings(): ReadonlyMap<string, Surrounding> {
  return all;
}

/** Bytes of an external datum of the table that has room of its own; undefined for what is none. */
export function dataBytes(name: string): number | undefined {
  return ofProject.has(name) ? undefined : DATA.get(name);
}

/** What a project has to write for a symbol that nothing models: `name: 0`, `name: 'data 0'`. */
export function settingFor(name: string, isData: boolean): string {
  const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : `'${name}'`;
  return `${key}: ${isData ? "'data 0'" : 0}`;
}

/** As a configuration has it: symbol -> what a call of it returns, or one of SURROUNDING_WORDS. */
export type SurroundingSettings = Readonly<Record<string, number | bigint | string>>;

/** What a setting may be, for messages. */
export const SURROUNDING_WORDS =
  'a number, a text of one (0x10), "nothing", "stops", "fails", "runs" (the function of the image itself) or "data" with a number ("data 0x10")';

/**
 * Adds a project's own surroundings to the table, in place of those of an earlier call. A worker does so again.
 *
 * @throws UsageError for a value that means nothing
 */
export function declareSurroundings(settings: SurroundingSettings = {}): void {
  const [said, run] = [new Map<string, Surrounding>(), new Set<string>()];
  for (const [name, setting] of Object.entries(settings)) {
    const surrounding = surroundingFrom(setting);
    if (surrounding === undefined)
      throw new UsageError(
        `surroundings: ${shorten(name)}: ${shorten(String(setting), 60)} is not ${SURROUNDING_WORDS}`,
      );
    if (surrounding === RUNS) run.add(name);
    else said.set(name, surrounding);
  }
  declared = settings;
  ofProject = said;
  all = new Map([...[...BUILT_IN].filter(([name]) => !run.has(name)), ...said]);
}

/** What was declared last, for a worker. */
export function declaredSurroundings(): SurroundingSettings {
  return declared;
}

/** What a setting means; undefined for one that means nothing. */
export function surroundingFrom(setting: number | bigint | string): Surrounding | typeof RUNS | undefined {
  if (setting === 'stops') return STOPS;
  if (setting === 'nothing') return NOTHING;
  if (setting === 'fails') return FAILS;
  if (setting === RUNS) return RUNS;
  const datum = typeof setting === 'string' ? /^data (.*)$/s.exec(setting) : null;
  if (datum !== null) {
    const held = numberOf(datum[1]);
    return held === undefined ? undefined : { does: 'data', value: held };
  }
  const value = numberOf(setting);
  return value === undefined ? undefined : returning(value);
}

function numberOf(setting: number | bigint | string): bigint | undefined {
  if (typeof setting === 'number' && !Number.isSafeInteger(setting)) return undefined;
  if (typeof setting === 'string' && !/^-?(0x[0-9a-f]{1,16}|\d{1,20})$/i.test(setting)) return undefined;
  const text = String(setting);
  const value = text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text);
  return value >= -(1n << 63n) && value < 1n << 64n ? BigInt.asUintN(64, value) : undefined;
}
