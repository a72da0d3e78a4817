/**
 * `int seamcall(u64 fn, u64 rcx, u64 rdx, u64 r8, u64 r9, u64 *seamcall_ret, struct tdx_module_output *out)` of the patch
 * series of 2023 (seeds/002; facts/linux.md 1.4).
 */
import { low, type ExpectedExchange, type Reference, type Values } from '../../exchange/exchange.js';
import { type ErrnoMapName, errnoRow, type ErrnoRow, type Message, resultOf } from './errno-maps.js';
import { FEW, outputsLabel, prefixed, received, stubStatus } from './seamcall.js';

const INT = 32;

/** Every message is printed once. */
export type Printed = Set<Message | 'outputs'>;

const print = (name: string, values: ExpectedExchange['values']): ExpectedExchange => ({
  moment: `call print_${name}`,
  values,
});

/**
 * @param printed what earlier calls have printed; this call's messages are added
 * @param values parameters by name; `status_given` and `out_given` are 0 for NULL; `before.out.*` is what lies there
 */
export function* seamcall(map: ErrnoMapName, printed: Printed, values: Values): Reference {
  const { rax: cpu } = yield { moment: 'call get_cpu', values: {} };
  const { rcx, rdx, r8, r9 } = values;
  const answer = yield { moment: 'SEAMCALL', values: { rax: values['fn'], rcx, rdx, r8, r9 } };
  const status = stubStatus(answer);
  const row = errnoRow(map, status);
  const outputs = received(FEW, answer, values);
  yield* messages(row, printed, low(INT, cpu), values, status, outputs);
  yield { moment: 'call put_cpu', values: {} };
  const label = outputsLabel(answer);
  yield {
    moment: 'return',
    values: {
      rax: low(INT, resultOf(row)),
      ...(values['status_given'] !== 0n && { status }),
      ...(values['out_given'] !== 0n && prefixed('out', label === 'outputs' ? outputs : before(values))),
    },
    about: [label],
  };
}

function before(values: Values): Values {
  return Object.fromEntries(FEW.map((name) => [name, values[`before.out.${name}`]]));
}

function* messages(
  { prints }: ErrnoRow,
  printed: Printed,
  cpu: ExpectedExchange['values'][string],
  values: Values,
  status: bigint,
  outputs: Values,
): Reference {
  const isNew = (message: Message | 'outputs'): boolean => !printed.has(message) && printed.add(message).has(message);
  if (prints === 'nothing') return;
  if (isNew(prints)) yield messageOf(prints, cpu, values['fn'], status);
  if (prints === 'failure' && values['out_given'] !== 0n && isNew('outputs')) yield print('outputs', outputs);
}

function messageOf(
  message: Message,
  cpu: ExpectedExchange['values'][string],
  leaf: bigint,
  status: bigint,
): ExpectedExchange {
  switch (message) {
    case 'not-enabled':
      return print('not_enabled', {});
    case 'not-loaded':
      return print('not_loaded', {});
    case 'not-in-vmx':
      return print('not_in_vmx', { cpu });
    case 'failure':
      return print('failure', { cpu, leaf, status });
  }
}
