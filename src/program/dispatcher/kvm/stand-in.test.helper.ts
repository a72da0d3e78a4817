/** Builds testing/stand-in.c, as it is or with one edit: what KVM's own object looks like to the tool, with nothing of KVM's in it. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findAnyContract } from '../../../contract/find-contract.js';
import { CONTRACT_SETS } from '../../../contract/library/sets.js';
import type { Image } from '../../../image/image.js';
import { loadImage } from '../../../image/open-images.js';
import { packageRoot } from '../../../package-info.js';
import type { ProgramTarget } from '../../../run/target.js';
import { isModelled } from '../../../stage/outside.js';
import { withLayout } from './resolve-layout.js';

const SOURCE = join(packageRoot(), 'src/program/dispatcher/kvm/testing/stand-in.c');
/** As a kernel is built, as far as it matters here. */
const FLAGS =
  '-c -ffreestanding -fno-builtin -fno-stack-protector -mno-red-zone -mgeneral-regs-only -fno-pic -mcmodel=kernel'.split(
    ' ',
  );

export type CodeEdit = readonly [replace: string, replacement: string];

export class StandIns {
  private readonly folder = mkdtempSync(join(tmpdir(), 'tdxfuzz-kvm-'));
  private count = 0;

  /** @returns the path of the object */
  build(options: readonly string[] = ['-O2', '-g'], edit?: CodeEdit, compiler = 'gcc'): string {
    const name = join(this.folder, `tdx${this.count++}`);
    const text = readFileSync(SOURCE, 'utf8');
    if (edit !== undefined && text.split(edit[0]).length !== 2)
      throw new Error(`${edit[0]} does not stand in the source exactly once`);
    writeFileSync(`${name}.c`, edit === undefined ? text : text.replace(edit[0], () => edit[1]));
    execFileSync(compiler, [...FLAGS, ...options, '-o', `${name}.o`, `${name}.c`], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    return `${name}.o`;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

export function standInImage(path: string): Image {
  return loadImage(path, { isModelled });
}

export function standInTarget(path: string, contract: 'one-exit' | 'sequence'): ProgramTarget {
  const image = standInImage(path);
  const { program, set } = findAnyContract(`kvm-object-7.3/${contract}`, CONTRACT_SETS);
  if (program === undefined) throw new Error('no contract of a program');
  return { name: contract, symbol: program.symbol, set: set.name, program: withLayout(image, program), image };
}
