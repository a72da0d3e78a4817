import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { GPR, GPR_NAMES, gprMask } from '../abi/registers.js';
import { REFERENCE_CONFIGURATION, type ModuleConfiguration } from './configuration.js';
import { VMCALL_EXIT_REASON, vmcallExit, vmcallFail, vmcallMaskIsLegal, vmcallReject, vmcallReturn } from './vmcall.js';

const WITH_RBP: ModuleConfiguration = { ...REFERENCE_CONFIGURATION, noRbpMod: false };
const NO_RBP_MOD: ModuleConfiguration = { ...REFERENCE_CONFIGURATION, noRbpMod: true };

const word = fc.integer({ min: -0x80000000, max: 0x7fffffff });
const gprs = fc.array(word, { minLength: 32, maxLength: 32 }).map((values) => Int32Array.from(values));
const xmms = fc.array(word, { minLength: 64, maxLength: 64 }).map((values) => Int32Array.from(values));
const configurations = fc.constantFrom(WITH_RBP, NO_RBP_MOD);
/** Bits that every configuration allows. */
const legalMask = word.map((bits) => bits & ~gprMask('RAX', 'RCX', 'RSP', 'RBP'));

const pair = (file: Int32Array, register: number): [number, number] => [file[2 * register], file[2 * register + 1]];
const withMask = (guest: Int32Array, mask: number): Int32Array => {
  const copy = Int32Array.from(guest);
  copy[2 * GPR.RCX] = mask;
  copy[2 * GPR.RCX + 1] = 0;
  return copy;
};

describe('the exposure mask', () => {
  it.each([0, 1, 4])('may never have bit %i', (bit) => {
    expect(vmcallMaskIsLegal(WITH_RBP, 1 << bit, 0)).toBe(false);
  });

  it('may be 0, and needs neither R10 nor R11', () => {
    expect(vmcallMaskIsLegal(NO_RBP_MOD, 0, 0)).toBe(true);
    expect(vmcallMaskIsLegal(NO_RBP_MOD, 1 << 15, 0)).toBe(true);
  });

  it('may have RBP only without NO_RBP_MOD', () => {
    expect(vmcallMaskIsLegal(WITH_RBP, 1 << GPR.RBP, 0)).toBe(true);
    expect(vmcallMaskIsLegal(NO_RBP_MOD, 1 << GPR.RBP, 0)).toBe(false);
  });

  it('may have every XMM register, and nothing above', () => {
    expect(vmcallMaskIsLegal(NO_RBP_MOD, 0xffff0000 | 0, 0)).toBe(true);
    for (let bit = 0; bit < 32; bit++) expect(vmcallMaskIsLegal(WITH_RBP, 0xfc00, 1 << bit)).toBe(false);
  });
});

describe('a refused mask', () => {
  test.prop([gprs])('changes RAX alone', (guest) => {
    const out = new Int32Array(32);
    vmcallReject(guest, out);
    expect(pair(out, GPR.RAX)).toEqual([1, 0xc0000100 | 0]);
    for (let register = 1; register < 16; register++) expect(pair(out, register)).toEqual(pair(guest, register));
  });

  test.prop([configurations, gprs, xmms, gprs, fc.constantFrom(0, 1, 4)])(
    'leaves the host as it was',
    (config, guest, guestXmm, host, bit) => {
      const hostOut = Int32Array.from(host);
      const hostXmm = new Int32Array(64).fill(7);
      const asked = withMask(guest, guest[2 * GPR.RCX] | (1 << bit));
      expect(vmcallExit(config, asked, guestXmm, host, hostOut, hostXmm)).toBe(false);
      expect(hostOut).toEqual(host);
      expect(hostXmm).toEqual(new Int32Array(64).fill(7));
    },
  );
});

describe('the exit', () => {
  test.prop([configurations, gprs, xmms, gprs, legalMask])(
    'shows masked registers, zeros elsewhere, and never RSP',
    (config, guest, guestXmm, host, mask) => {
      const asked = withMask(guest, mask);
      const hostOut = new Int32Array(32);
      const hostXmm = new Int32Array(64).fill(7);
      expect(vmcallExit(config, asked, guestXmm, host, hostOut, hostXmm)).toBe(true);
      expect(pair(hostOut, GPR.RAX)).toEqual([VMCALL_EXIT_REASON, 0]);
      expect(pair(hostOut, GPR.RCX)).toEqual([mask, 0]);
      expect(pair(hostOut, GPR.RSP)).toEqual(pair(host, GPR.RSP));
      expect(pair(hostOut, GPR.RBP)).toEqual(config.noRbpMod ? pair(host, GPR.RBP) : [0, 0]);
      for (const name of GPR_NAMES) {
        const register = GPR[name];
        if (['RAX', 'RCX', 'RSP', 'RBP'].includes(name)) continue;
        const shared = ((mask >>> register) & 1) === 1;
        expect(pair(hostOut, register), name).toEqual(shared ? pair(asked, register) : [0, 0]);
      }
      for (let at = 0; at < 64; at++) {
        expect(hostXmm[at]).toBe((mask >>> (16 + (at >> 2))) & 1 ? guestXmm[at] : 0);
      }
    },
  );

  it('shows RBP where the mask has it', () => {
    const guest = withMask(new Int32Array(32).fill(5), 1 << GPR.RBP);
    const hostOut = new Int32Array(32);
    expect(vmcallExit(WITH_RBP, guest, new Int32Array(64), new Int32Array(32), hostOut, new Int32Array(64))).toBe(true);
    expect(pair(hostOut, GPR.RBP)).toEqual([5, 5]);
  });
});

describe('the return', () => {
  test.prop([gprs, xmms, gprs, xmms, legalMask])(
    'takes masked registers from the host and no other',
    (guest, guestXmm, host, hostXmm, mask) => {
      const asked = withMask(guest, mask);
      const out = new Int32Array(32);
      const outXmm = new Int32Array(64);
      vmcallReturn(asked, guestXmm, host, hostXmm, out, outXmm);
      expect(pair(out, GPR.RAX)).toEqual([0, 0]);
      expect(pair(out, GPR.RCX)).toEqual([mask, 0]);
      expect(pair(out, GPR.RSP)).toEqual(pair(guest, GPR.RSP));
      for (let register = 2; register < 16; register++) {
        const from = (mask >>> register) & 1 ? host : asked;
        expect(pair(out, register)).toEqual(pair(from, register));
      }
      for (let at = 0; at < 64; at++) {
        expect(outXmm[at]).toBe(((mask >>> (16 + (at >> 2))) & 1 ? hostXmm : guestXmm)[at]);
      }
    },
  );

  test.prop([gprs, xmms, gprs, xmms, legalMask])('may be written in place', (guest, guestXmm, host, hostXmm, mask) => {
    const asked = withMask(guest, mask);
    const askedXmm = Int32Array.from(guestXmm);
    const out = new Int32Array(32);
    const outXmm = new Int32Array(64);
    vmcallReturn(asked, guestXmm, host, hostXmm, out, outXmm);
    vmcallReturn(asked, askedXmm, host, hostXmm, asked, askedXmm);
    expect(asked).toEqual(out);
    expect(askedXmm).toEqual(outXmm);
  });
});

describe('an injected failure', () => {
  test.prop([gprs, word, word])('changes RAX alone', (guest, low, high) => {
    const out = new Int32Array(32);
    vmcallFail(guest, low, high, out);
    expect(pair(out, GPR.RAX)).toEqual([low, high]);
    for (let register = 1; register < 16; register++) expect(pair(out, register)).toEqual(pair(guest, register));
  });
});
