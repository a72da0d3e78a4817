/** Both engines on twins, with every failure of theirs; `engines-agree.test.ts` has the sound stubs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { builtInContract } from '../../contract/find-contract.js';
import { parseImage } from '../../image/load.js';
import { packageRoot } from '../../package-info.js';
import { readManifest } from '../../targets/manifest.js';
import { enginesAgree } from './engines-agree.js';

test.each(['guest-6.7', 'seamcall-6.7'])('both engines judge the broken twins of %s alike', (family) => {
  const path = `corpus/bugs/${family}.o`;
  const twins = readManifest(packageRoot()).filter(({ object }) => object === path);
  const image = parseImage(readFileSync(join(packageRoot(), path)), path);
  const targets = twins.map(({ id, symbol, contract }) => {
    const found = builtInContract(contract);
    return { name: id, symbol, set: found.set.name, contract: found.contract, image };
  });
  expect(enginesAgree(targets, 300).filter(({ agree }) => !agree)).toEqual([]);
});
