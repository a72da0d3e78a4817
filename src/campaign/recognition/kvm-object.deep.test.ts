/** KVM's own object, as a stand-in, is recognised; where its structures lie is known, given, or asked for in one line. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { PROPERTY_NAMES } from '../../../properties/all.js';
import { tdxfuzz } from '../../cli/run-cli.test.helper.js';
import { StandIns } from '../../program/dispatcher/kvm/stand-in.test.helper.js';
import { isProgram } from '../../run/target.js';
import { findToolchain } from '../../targets/toolchain.js';
import { selectTargets } from '../targets/select-targets.js';

const standIns = new StandIns();
afterAll(() => standIns.remove());

function select(image: string, offsets?: string) {
  const { targets, unjudged } = selectTargets({
    images: [image],
    contract: 'auto',
    target: [],
    property: [],
    propertyNames: PROPERTY_NAMES,
    ...(offsets !== undefined && { offsets }),
  });
  return {
    unjudged,
    targets: targets.map((target) => ({ ...target, options: isProgram(target) && target.program.options })),
  };
}

function stripped(path: string): string {
  const to = `${path}.stripped.o`;
  execFileSync('objcopy', ['--strip-debug', path, to]);
  return to;
}

describe.skipIf(findToolchain() === undefined)("KVM's own object, as a stand-in (needs gcc and objcopy)", () => {
  test('is recognised, and bound with the layout of its own build', () => {
    const [one, other] = [
      ['-O2', '-g'],
      ['-O2', '-g', '-DOTHER_LAYOUT'],
    ].map((options) => select(standIns.build(options)));
    expect([one.unjudged, other.unjudged]).toEqual([[], []]);
    for (const { targets } of [one, other])
      expect(targets.map(({ name, set }) => [name, set])).toEqual([
        ['one-exit', 'kvm-object-7.3'],
        ['sequence', 'kvm-object-7.3'],
      ]);
    expect(one.targets[0].options).not.toEqual(other.targets[0].options);
  });

  test('without debug information takes a file of offsets, and says so without one', async () => {
    const path = standIns.build(['-O2', '-g', '-DOTHER_LAYOUT']);
    const bare = stripped(path);
    expect(() => select(bare)).toThrow(
      /nothing says where .* lies; build it with CONFIG_DEBUG_INFO_DWARF5, or give --offsets FILE/,
    );
    const { status, stdout } = await tdxfuzz(['offsets', path]);
    expect(status).toBe(0);
    const offsets = `${path}.json`;
    writeFileSync(offsets, stdout);
    expect(select(bare, offsets).targets[0].options).toEqual(select(path).targets[0].options);
    const none = await tdxfuzz(['offsets', bare]);
    expect([none.status, none.stderr.split('\n').length]).toEqual([2, 2]);
    expect(none.stderr).toMatch(/no debug information says where vcpu_tdx/);
  });

  test('a file of offsets that is none is refused in one line', async () => {
    const path = standIns.build();
    const { stdout: whole } = await tdxfuzz(['offsets', path]);
    const wrong: readonly [string, RegExp][] = [
      ['{', /not JSON/],
      ['{}', /schema/],
      [whole.replace('tdxfuzz/offsets/1', 'tdxfuzz/offsets/9'), /schema/],
      [whole.replace(/"offset": \d+/, '"offset": -1'), /offset/],
      [whole.replace(/"offset": \d+/, '"offset": "many"'), /offset/],
      [whole.replace('"kvm_vcpu"', '"kvm_vcpux"'), /nothing says where kvm_vcpu/],
    ];
    for (const [text, message] of wrong) {
      const file = `${path}.wrong.json`;
      writeFileSync(file, text);
      const { status, stderr } = await tdxfuzz(['fuzz', path, '--offsets', file, '--runs', '1']);
      expect([status, stderr.trimEnd().split('\n').length]).toEqual([2, 1]);
      expect(stderr).toMatch(message);
    }
    expect(readFileSync(path).length).toBeGreaterThan(0);
  });

  test("has another shape than the tool's own dispatcher, and is refused as that", async () => {
    const path = standIns.build();
    const { status, stderr } = await tdxfuzz(['fuzz', path, '--contract', 'kvm-7.3', '--runs', '1']);
    expect(status).toBe(2);
    expect(stderr).toMatch(/tdx_handle_exit is not the function that the contract means/);
    const other = await tdxfuzz([
      'fuzz',
      'corpus/targets/dispatcher-7.3.o',
      '--contract',
      'kvm-object-7.3',
      '--runs',
      '1',
    ]);
    expect(other.status).toBe(2);
    expect(other.stderr).toMatch(/has no tdx_vcpu_enter_exit/);
  });
});
