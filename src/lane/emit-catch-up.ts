/** The state at the instruction at which translated code was left: counters, path hash and events up to it. */
import { i32, type I32, block, i64, type I64, loop, seq, type Statement, when } from '../wasm/code.js';
import type { FunctionHandle, Scope } from '../wasm/module.js';
import { EVENT_WORD, EVENT_WORDS } from '../x86/events.js';
import { CONTROL, SLOT as STATE } from '../x86/layout.js';
import { PATH_MULTIPLIER, PATH_SHIFT } from '../x86/wasm/path-hash.js';
import type { RunInput } from './emit-run.js';
import { EXIT } from './layout.js';

const EVENT_BYTES = 4 * EVENT_WORDS;

/** Enters one instruction in the path hash, as interpreter.ts does. */
export function mixPath(scope: Scope, input: RunInput): (address: I64) => Statement {
  const rip = scope.i64();
  const mixed = scope.i32();
  const { control } = input.layout;
  const step = (word: number, multiplier: number, value: I32): Statement =>
    i32.store(control, 4 * word, i32.add(i32.mul(i32.load(control, 4 * word), i32.const(multiplier)), value));
  return (address) =>
    seq(
      rip.set(address),
      mixed.set(
        i32.xor(
          i32.wrap(rip.get),
          i32.mul(i32.wrap(i64.shrU(rip.get, i64.const(32n))), i32.const(PATH_MULTIPLIER.ADDRESS_HIGH)),
        ),
      ),
      step(CONTROL.PATH_HASH_LOW, PATH_MULTIPLIER.LOW, mixed.get),
      step(
        CONTROL.PATH_HASH_HIGH,
        PATH_MULTIPLIER.HIGH,
        i32.xor(i32.mul(mixed.get, i32.const(PATH_MULTIPLIER.MIX)), i32.shrU(mixed.get, i32.const(PATH_SHIFT))),
      ),
    );
}

/** Adds `catchUp(exit)`: the state is that before the instruction at which translated code was left. */
export function emitCatchUp(input: RunInput): FunctionHandle {
  const { module, layout, lane } = input;
  return module.function('', 1, (scope) => {
    const [exit] = scope.parameters;
    const mix = mixPath(scope, input);
    const at = scope.i32();
    const left = scope.i32();
    const count = scope.i32();
    const events = i32.load(layout.control, 4 * CONTROL.EVENT_COUNT);
    return [
      seq(
        i64.store(layout.slots, 8 * STATE.RIP, i64.load(exit.get, EXIT.rip)),
        left.set(i32.load(exit.get, EXIT.count)),
        at.set(i32.load(exit.get, EXIT.addresses)),
        count.set(i32.add(i32.load(layout.control, 4 * CONTROL.INSTRUCTION_COUNT), left.get)),
        i32.store(layout.control, 4 * CONTROL.INSTRUCTION_COUNT, count.get),
        when(
          left.get,
          loop((again) =>
            seq(
              mix(i64.load(at.get)),
              at.set(i32.add(at.get, i32.const(8))),
              left.set(i32.sub(left.get, i32.const(1))),
              again(left.get),
            ),
          ),
        ),
        // Accesses that the instruction has made already are made again, or were never made.
        block((leave) =>
          loop((again) =>
            seq(
              leave(i32.eq(events, i32.load(lane.eventStart))),
              leave(
                i32.ne(
                  i32.load(
                    i32.mul(events, i32.const(EVENT_BYTES)),
                    layout.events - EVENT_BYTES + 4 * EVENT_WORD.INSTRUCTION_COUNT,
                  ),
                  count.get,
                ),
              ),
              i32.store(layout.control, 4 * CONTROL.EVENT_COUNT, i32.sub(events, i32.const(1))),
              again(),
            ),
          ),
        ),
      ),
      i32.const(0),
    ];
  });
}
