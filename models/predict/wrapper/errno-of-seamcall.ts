/**
 * `int seamcall(u64 fn, u64 rcx, u64 rdx, u64 r8, u64 r9, u64 *seamcall_ret, struct tdx_module_output *out)` of the patch
 * series of 2023 (docs/abi/linux-seamcall.md#seamcall-of-2023).
 */
import { low, type ExpectedExchange, type Reference, type Values } from '../../exchange/exchange.js';
import { type ErrnoMapName, errnoRow, type ErrnoRow, type Message, resultOf } from './errno-maps.js';
import { FEW, outputsLabel, prefixed, received, stubStatus } from './seamcall.js';

const INT = 32;

/** Every message is printed once. */
export type Printed = Set<Message | 'outputs'>;

const PUT_CPU: ExpectedExchange = { moment: 'call put_cpu', values: {} };

/**
 * @param printed what earlier calls have printed; this call's messages are added
 * @param values parameters by name; `status_given` and `out_given` are 0 for NULL; `before.out.*` is what lies there
 */
export function* seamcall(map: ErrnoMapName, printed: Printed, values: Values): Reference {
  const { rax: cpu } = yield { moment: 'call get_cpu', values: {} };
  const { fn, rcx, rdx, r8, r9 } = values;
  const answer = yield { moment: 'SEAMCALL', values: { rax: fn, rcx, rdx, r8, r9 }, about: ['frame'] };
  const status = stubStatus(answer);
  const row = errnoRow(map, status);
  const outputs = received(FEW, answer, values);
  const wantsOutputs = values['out_given'] !== 0n;
  const messages = newMessages(row, printed, wantsOutputs).map((message) => ({
    moment: `call print_${message.replaceAll('-', '_')}`,
    values: valuesOf(message, { cpu: low(INT, cpu), leaf: fn, status }, outputs),
  }));
  // What comes first behind SEAMCALL stands where another one would.
  for (const [index, exchange] of [...messages, PUT_CPU].entries())
    yield { ...exchange, about: index === 0 ? ['frame'] : [] };
  const label = outputsLabel(answer);
  yield {
    moment: 'return',
    values: {
      rax: low(INT, resultOf(row)),
      ...(values['status_given'] !== 0n && { status }),
      ...(wantsOutputs && prefixed('out', label === 'outputs' ? outputs : before(values))),
    },
    about: [label],
  };
}

/** What lies where outputs go, if none come. */
function before(values: Values): Values {
  return Object.fromEntries(FEW.map((name) => [name, values[`before.out.${name}`]]));
}

/** What is to be printed and was not yet; from now on it was. */
function newMessages({ prints }: ErrnoRow, printed: Printed, wantsOutputs: boolean): (Message | 'outputs')[] {
  if (prints === 'nothing') return [];
  const due = prints === 'failure' && wantsOutputs ? ([prints, 'outputs'] as const) : ([prints] as const);
  const fresh = due.filter((message) => !printed.has(message));
  for (const message of fresh) printed.add(message);
  return fresh;
}

function valuesOf(
  message: Message | 'outputs',
  failure: ExpectedExchange['values'],
  outputs: Values,
): ExpectedExchange['values'] {
  switch (message) {
    case 'not-enabled':
    case 'not-loaded':
      return {};
    case 'not-in-vmx':
      return { cpu: failure['cpu'] };
    case 'failure':
      return failure;
    case 'outputs':
      return outputs;
  }
}
