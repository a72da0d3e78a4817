/** Which rows of the tables are checked: found by playing, so that a row that nothing plays shows. */
import { describe, expect, it } from 'vitest';
import { PROPERTY_NAMES } from '../../properties/all.js';
import { gatherEvidence } from './evidence.js';

describe('the evidence', () => {
  const { subFunctions, errnos } = gatherEvidence();
  const checked = (name: string): string[] => subFunctions.find((row) => row.name === name)?.checkedBy ?? [];

  it('says of every sub-function that KVM serves which properties check it', () => {
    expect(checked('MapGPA')).toEqual(expect.arrayContaining(['chunks-map-gpa', 'map-gpa-retry']));
    expect(checked('Instruction.IO')).toEqual(expect.arrayContaining(['port-io-width', 'exits-to-userspace']));
    expect(checked('ReportFatalError')).toEqual(expect.arrayContaining(['packs-fatal-error', 'exits-to-userspace']));
    for (const { name, checkedBy, source } of subFunctions.filter((row) => row.source.includes('KVM'))) {
      expect(checkedBy.length, name).toBeGreaterThan(2);
      expect(source).not.toBe('');
      for (const property of checkedBy) expect(PROPERTY_NAMES).toContain(property);
    }
  });

  it('shows that nothing checks what nobody serves', () => {
    const unchecked = subFunctions.filter(({ checkedBy }) => checkedBy.length === 0).map(({ name }) => name);
    expect(unchecked).toEqual(['Service', 'MigTD', 'Instruction.WBINVD', 'Instruction.PCONFIG']);
  });

  it('finds a play for every row of every errno map', () => {
    expect(errnos.map(({ map }) => map)).toEqual([...Array(5).fill('seed-002'), ...Array(5).fill('linux-6.8')]);
    for (const { checkedBy } of errnos) expect(checkedBy).toEqual(['maps-errno']);
  });

  it('of no plays is that nothing is checked', () => {
    const none = gatherEvidence(0);
    expect([...none.subFunctions, ...none.errnos].every(({ checkedBy }) => checkedBy.length === 0)).toBe(true);
  });
});
