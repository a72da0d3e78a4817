/** What a user's own suite is promised: every kind of target, messages that name the instruction, no pass without a verdict. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { readCase } from '../stored/case-file.js';
import { valuesOf } from '../stored/stored-values.js';
import {
  BROKEN_AT,
  BROKEN_TDCALL,
  objectWith,
  put,
  removeFolder,
  SOUND_TDCALL,
  temporaryFolder,
} from '../cli/run-cli.test.helper.js';
import { asJson } from '../contract/json-set.test.helper.js';
import { findContractSet } from '../contract/find-contract.js';
import { CODE, writeElf } from '../image/elf-writer.test.helper.js';
import { parseImage } from '../image/load.js';
import { loadImage } from '../image/open-images.js';
import { fc } from '../index.js';
import { packageRoot } from '../package-info.js';
import { openRunner } from '../run/open-runner.js';
import { hex } from '../text/hex.js';
import { signaturesOf } from '../finding/made-runner.test.helper.js';
import { resolveTarget, type OwnTarget, type TdxTarget } from './resolve-target.js';
import { NoVerdictError, tdxProperties, type TdxProperty, tdxSuite, TdxViolation } from './tdx-properties.js';

const folder = temporaryFolder();
afterAll(() => removeFolder(folder));

const SOUND = put(folder, 'sound.o', objectWith('my_tdcall', SOUND_TDCALL));
const BROKEN = put(folder, 'broken.o', objectWith('my_tdcall', BROKEN_TDCALL));
const OWN_SET = put(
  folder,
  'contracts.json',
  JSON.stringify(asJson({ ...findContractSet('linux-6.7'), name: 'mine' })).replaceAll('"__tdcall"', '"my_tdcall"'),
);
const bug = (name: string): string => join(packageRoot(), 'corpus/bugs', name);
const R11: OwnTarget = {
  image: bug('guest-5.19.o'),
  symbol: 'missing_scrub_r11',
  contract: 'linux-5.19/__tdx_hypercall',
};
const EAGAIN: OwnTarget = { image: bug('dispatcher-eagain-is-invalid.o'), contract: 'kvm-7.3/sequence' };

/** The error that a function throws. */
function errorOf(run: () => void): Error {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

function only(target: TdxTarget, name: string, out?: string): TdxProperty {
  const [property] = tdxProperties(target, { property: [name], out });
  expect(property.name).toBe(name);
  return property;
}

describe('every kind of target', () => {
  const targets: [string, TdxTarget][] = [
    ['a built-in stub', 'seamcall-6.7/__seamcall_saved_ret'],
    ['a built-in program', 'helper-7.3/tdx_io_in'],
    ['a path and SET/FUNCTION', { image: SOUND, symbol: 'my_tdcall', contract: 'linux-6.7/__tdcall' }],
    ['a URL', { image: pathToFileURL(SOUND), symbol: 'my_tdcall', contract: 'linux-6.7/__tdcall' }],
    [
      'an image, and the symbol of the contract',
      { image: parseImage(objectWith('__tdcall', SOUND_TDCALL), 'x.o'), contract: 'linux-6.7/__tdcall' },
    ],
    [
      'a contract set alone',
      {
        image: loadImage(join(packageRoot(), 'corpus/targets/guest-6.7.o')),
        symbol: '__tdcall',
        contract: 'linux-6.7',
      },
    ],
    ['a contract of its own in JSON', { image: SOUND, symbol: 'my_tdcall', contract: OWN_SET }],
    ['a function in JSON', { image: SOUND, contract: `${OWN_SET}/my_tdcall` }],
  ];

  it.each(targets)('%s', (_, target) => {
    const properties = tdxProperties(target);
    expect(properties.length).toBeGreaterThan(4);
    for (const property of properties) {
      property.assert({ numRuns: 300, seed: 1 });
      expect(property.evaluated > 0, property.name).toBe(property.status === 'judged');
    }
  });

  it.each<[string, TdxTarget, RegExp]>([
    ['an unknown name', 'guest-6.7/__tdcal', /no built-in target guest-6\.7\/__tdcal; nearest: guest-6\.7\/__tdcall/],
    [
      'an unknown function',
      { image: SOUND, contract: 'linux-6.7/__tdcal' },
      /linux-6\.7 has no function __tdcal; nearest: __tdcall/,
    ],
    ['a set without a symbol', { image: SOUND, contract: 'linux-6.7' }, /contract linux-6\.7: name the function too/],
    [
      'a symbol that is not there',
      { image: SOUND, symbol: 'my_tdcal', contract: 'linux-6.7/__tdcall' },
      /my_tdcal\b.*my_tdcall/,
    ],
    [
      'a file that is not there',
      { image: join(folder, 'no.o'), contract: 'linux-6.7/__tdcall' },
      /no\.o: no such file/,
    ],
  ])('%s is refused in one line', (_, target, message) => {
    const error = errorOf(() => tdxProperties(target));
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('\n');
  });
});

describe('a violation', () => {
  it('of a stub names rule, clause, instruction, values, and how to have it again', () => {
    const property = only(R11, 'scrubs-host-values');
    const error = errorOf(() => property.assert({ numRuns: 100, seed: 1 }));
    expect(error).toBeInstanceOf(TdxViolation);
    for (const line of [
      /^missing_scrub_r11 \(linux-5\.19\/__tdx_hypercall\): scrubs-host-values\n/,
      /^ {2}rule {6}At the return no register/m,
      /^ {2}clause {4}when\(.*independent\(final\.r11, host-values\)\)$/m,
      /^ {2}place {5}missing_scrub_r11\+0x2f$/m,
      /^ {2}expected {2}final\.r11 is the same for all host values$/m,
      /^ {2}scenario {2}neutral/m,
      /^ {4}> +\d+ {2}missing_scrub_r11\+0x2f {2}tdcall /m,
      /^ {2}again {5}\{ seed: 1, path: "0[:\d]*", endOnFailure: true \}$/m,
    ])
      expect(error.message).toMatch(line);
    expect(error.stack, 'no frames of the tool').not.toMatch(/^ +at /m);
    // oxlint-disable-next-line no-control-regex -- no colour may be in it
    expect(error.message).not.toMatch(/\x1b/);
  });

  it('of a wrong load names it, and the shrunken values by name', () => {
    const property = only({ image: BROKEN, symbol: 'my_tdcall', contract: 'linux-6.7/__tdcall' }, 'marshals-arguments');
    const { message } = errorOf(() => property.assert({ numRuns: 100, seed: 1 }));
    expect(message).toMatch(
      new RegExp(`^ {4}> .* my_tdcall\\+${hex(BigInt(BROKEN_AT))} +mov 0x10\\(%rsi\\),%r9 `, 'm'),
    );
    expect(message).toMatch(/^ {2}place {5}my_tdcall\+0xe$/m);
  });

  it('of a program tells the story', () => {
    const property = only(EAGAIN, 'completes-userspace-exit');
    const { message } = errorOf(() => property.assert({ numRuns: 1000, seed: 1 }));
    expect(message).toMatch(/^tdx_handle_exit \(kvm-7\.3\/sequence\): completes-userspace-exit\n/);
    expect(message).toMatch(/^ {4}2\. vCPU 0: userspace calls KVM_RUN again, with ret=EAGAIN \(0xb\)$/m);
    expect(message).toMatch(/^ {4}> .* tdx_complete_map_gpa\+0x3b /m);
  });

  it('is of the property asked for alone', () => {
    for (const property of tdxProperties(R11)) {
      if (property.name !== 'scrubs-host-values') property.assert({ numRuns: 300, seed: 1 });
    }
  });

  it('comes again with the seed and path that it printed, in the first case', () => {
    const property = only(EAGAIN, 'completes-userspace-exit');
    const { message } = errorOf(() => property.assert({ numRuns: 1000, seed: 7 }));
    const [, seed, path] = /\{ seed: (-?\d+), path: "([\d:]+)"/.exec(message) ?? [];
    const again = errorOf(() => property.assert({ seed: Number(seed), path, endOnFailure: true }));
    const told = (text: string): string => text.slice(0, text.indexOf('\n  found in'));
    expect(told(again.message)).toBe(told(message));
    expect(again.message).toContain('found in  case 1, shrunk in 0 steps');
  });

  it('is kept as a case file that fails so again', () => {
    const out = join(folder, 'out');
    const property = only(R11, 'scrubs-host-values', out);
    const { message, signature } = errorOf(() => property.assert({ numRuns: 100, seed: 1 })) as TdxViolation;
    const [name] = readdirSync(join(out, 'cases'));
    const path = join(out, 'cases', name);
    expect(message).toContain(`replay    npx tdxfuzz replay ${path}`);
    const runner = openRunner(resolveTarget(R11));
    expect(signaturesOf(runner, valuesOf(readCase(path), runner.space))).toContainEqual(signature);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ expect: { place: 'missing_scrub_r11+0x2f' } });
  });

  it('is thrown by the bare predicate as well, and the counterexample is printed by name', () => {
    const property = only(
      { image: bug('guest-5.19.o'), symbol: 'failure_by_low_half', contract: 'linux-5.19/__tdx_hypercall' },
      'stops-on-failure',
    );
    const details = fc.check(fc.property(property.arbitrary, property.predicate), { numRuns: 1000, seed: 1 });
    expect(details.errorInstance).toBeInstanceOf(TdxViolation);
    expect(fc.defaultReportMessage(details)).toMatch(
      /\nCounterexample: \[neutral but for answer\.status = 0x[1248]0*00000000\]\n/,
    );
    expect((details.errorInstance as Error).message).toMatch(
      /^ +answer\.status \(RAX of TDCALL\) +0x[1248]0*00000000/m,
    );
  });
});

describe('no verdict is no pass', () => {
  const aesenc = parseImage(objectWith('__tdcall', [0x66, 0x0f, 0x38, 0xdc, 0xc1, 0xc3]), 'aesenc.o');

  it('an unknown instruction fails every property, also one that holds by decode', () => {
    const properties = tdxProperties({ image: aesenc, contract: 'linux-6.7/__tdcall' });
    expect(properties.length).toBeGreaterThan(4);
    expect(properties.map(({ status }) => status)).toContain('holds by decode');
    for (const property of properties) {
      const error = errorOf(() => property.assert({ numRuns: 10, seed: 1 }));
      expect(error).toBeInstanceOf(NoVerdictError);
      expect(error.message).toMatch(/^__tdcall: [a-z-]+: no verdict: .*unknown instruction aesenc/);
      expect(error.message).toMatch(/^ {2}again {5}\{ seed: 1, path: "[\d:]+"/m);
      expect(() => property.predicate(fc.sample(property.arbitrary, 1)[0])).toThrow(NoVerdictError);
    }
  });

  it('an unmodelled symbol fails too', () => {
    const object = writeElf({
      sections: [{ name: '.text', flags: CODE, align: 16, data: Uint8Array.from([0xe8, 0, 0, 0, 0, 0xc3]) }],
      symbols: [
        { name: '__tdcall', section: '.text', type: 2, size: 6n },
        { name: 'stranger', section: 'UND' },
      ],
      relocations: [{ section: '.text', offset: 1n, type: 4, symbol: 'stranger', addend: -4n }],
    });
    const property = only({ image: parseImage(object, 'x.o'), contract: 'linux-6.7/__tdcall' }, 'terminates');
    expect(() => property.assert({ numRuns: 10, seed: 1 })).toThrow(
      /no verdict: external symbol stranger, called at __tdcall\+0x0, is not modelled/,
    );
  });

  it('a property that no case put in force is not evaluated', () => {
    const property = only('guest-5.19/__tdx_hypercall', 'stops-on-failure');
    const scenario = fc
      .sample(property.arbitrary, { numRuns: 200, seed: 1 })
      .find((value) => value.differing['answer.status'] === undefined);
    if (scenario === undefined) throw new Error('TDCALL fails in every case');
    const run = { examples: [[scenario]] as [[typeof scenario]], numRuns: 1, seed: 1 };
    const error = errorOf(() => property.assert(run));
    expect(error).toBeInstanceOf(NoVerdictError);
    expect(error.message).toMatch(
      /^guest-5\.19\/__tdx_hypercall: stops-on-failure: not evaluated: the one case did not/,
    );
    property.assert({ numRuns: 300, seed: 1 });
    // Earlier runs of the same property do not count for a later one.
    expect(() => property.assert(run)).toThrow('not evaluated');
  });

  it('a property that does not apply is listed with its reason, and is none to assert', () => {
    const target = 'guest-6.7/__tdcall';
    const { title, properties } = tdxSuite(target);
    expect(title).toBe('guest-6.7/__tdcall (linux-6.7/__tdcall, corpus/targets/guest-6.7.o)');
    expect(properties).toContainEqual({
      name: 'stops-on-failure',
      status: 'not applicable',
      reason: 'the contract returns the status to the caller',
    });
    const names = tdxProperties(target).map(({ name }) => name);
    expect(names).toContain('keeps-flags');
    expect(names).not.toContain('stops-on-failure');
  });

  it.each([
    [
      'stops-on-failure',
      /guest-6\.7\/__tdcall: no property can be judged: stops-on-failure not applicable \(the contract/,
    ],
    ['keeps-flags', /no property can be judged: keeps-flags holds by decode; choose other properties$/],
    ['mmio-width', /none of the chosen properties|no property can be judged/],
    ['scrub', /--property scrub matches no property/],
  ])('%s alone is refused where it cannot be judged', (property, message) => {
    expect(() => tdxProperties('guest-6.7/__tdcall', { property: [property] })).toThrow(message);
  });
});
