/** The report of a small real run: a sound stub, broken stubs, a broken helper, a broken dispatcher. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { builtInStubs } from '../../campaign/targets/built-in-targets.js';
import { fuzz } from '../../campaign/fuzz.js';
import { listingsOf } from '../../campaign/traces/listing.js';
import { anyTwin } from '../../finding/twins.test.helper.js';
import { type HtmlInput, renderHtml } from './render.js';

export const SOUND = 'guest-5.19/__tdx_hypercall';
/** Twins in the order in which the report has them, behind the sound stub. */
export const BROKEN = [
  'missing-scrub-r10-5.19',
  'store-r10-without-flag-5.19',
  'seam-missing-scrub-rdx-6.7',
  'helper-7.3-in-keeps-upper-half',
  'dispatcher-port-truncated',
] as const;

const REQUIREMENTS: NonNullable<HtmlInput['requirements']> = [
  {
    id: 'vmcall-mask',
    statement: 'TDG.VP.VMCALL shares with the host the registers of the mask in RCX, and no others.',
    source: 'docs/abi/seamcall.md#registers',
    standing: 'read in the source',
    checkedBy: ['vmcall-frame', 'exposes-only-arguments'],
    targets: [SOUND, 'guest-6.4/__tdx_hypercall', 'guest-6.7/__tdx_hypercall'],
    cases: 4120,
    evidence: ['mask-without-r15-5.19'],
  },
  {
    id: 'vmcall-xmm',
    statement: 'Bits 31:16 of the mask share XMM registers.',
    source: 'docs/abi/seamcall.md#registers',
    standing: 'seen in vectors',
    checkedBy: [],
    targets: [],
    cases: 0,
    evidence: [],
  },
];

export async function sampleInput(): Promise<HtmlInput> {
  const sound = builtInStubs().find(({ name }) => name === SOUND);
  if (sound === undefined) throw new Error(`no target ${SOUND}`);
  const targets = [sound, ...BROKEN.map(anyTwin)];
  const result = await fuzz({ targets, seed: 'report', budget: { runs: 200 }, workers: 1 });
  return { result, listings: listingsOf(targets, result), requirements: REQUIREMENTS };
}

/** Writes a report into a fresh folder. @returns its address */
export function written(input: HtmlInput): string {
  const path = join(mkdtempSync(join(tmpdir(), 'tdxfuzz-report-')), 'report.html');
  writeFileSync(path, renderHtml(input));
  return pathToFileURL(path).href;
}

/** The same report with every name of one function made hostile: in places, listings, traces, cases. */
export function withEvilName(input: HtmlInput, evil: string): HtmlInput {
  const json = JSON.stringify(input);
  return JSON.parse(json.replaceAll('missing_scrub_r10', JSON.stringify(evil).slice(1, -1))) as HtmlInput;
}
