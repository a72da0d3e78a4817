/** What every wrapper around SEAMCALL builds on: how the instruction ended, as the stub tells it. */
import { TDX_SEAMCALL_VMFAILINVALID, TDX_SW_ERROR } from '../../abi/linux-constants.js';
import type { Values } from '../../exchange/exchange.js';

/** Whether the module was reached; otherwise nothing came back (docs/abi/linux-stubs.md#host-stubs). */
export function reachedModule(answer: Values): boolean {
  return (answer['carry'] ?? 0n) === 0n && (answer['vector'] ?? 0n) === 0n;
}

/** What the stub returns: the status, or the software's code for an instruction that failed (docs/abi/linux-stubs.md#host-stubs). */
export function stubStatus(answer: Values): bigint {
  const vector = answer['vector'] ?? 0n;
  if (vector !== 0n) return TDX_SW_ERROR | vector;
  return (answer['carry'] ?? 0n) === 0n ? (answer['status'] ?? 0n) : TDX_SEAMCALL_VMFAILINVALID;
}

/** Registers of an answer under the names of the fields that receive them; what the module left alone is as it was. */
export function received(names: readonly string[], answer: Values, before: Values): Record<string, bigint> {
  return Object.fromEntries(names.map((name) => [name, answer[name] ?? before[name]]));
}

/** Values under longer names: `out.rcx`. */
export function prefixed<T>(prefix: string, values: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}.${name}`, value]));
}

/** Labels of a return: whether outputs came back. */
export function outputsLabel(answer: Values): 'outputs' | 'no-outputs' {
  return reachedModule(answer) ? 'outputs' : 'no-outputs';
}

/** The registers of most leaves, and what is printed of them. */
export const FEW = ['rcx', 'rdx', 'r8', 'r9', 'r10', 'r11'] as const;

/** The registers of every leaf: the fields of `struct tdx_module_args` (docs/abi/linux-stubs.md#structures). */
export const ALL = [...FEW, 'r12', 'r13', 'r14', 'r15', 'rbx', 'rdi', 'rsi'] as const;
