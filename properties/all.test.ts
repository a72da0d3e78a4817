import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { speaksOfPrograms, speaksOfStubs, type StubProperty } from '../src/clause/property.js';
import { renderExchangeClause } from '../src/clause/exchange-clause.js';
import { renderClause } from '../src/clause/render.js';
import { compileContract } from '../src/contract/compiled.js';
import { CONTRACT_SETS } from '../src/contract/library/sets.js';
import { compileClause } from '../src/judge/compile-clause.js';
import { PROGRAMS as ALL_PROGRAMS } from '../src/program/programs.js';
import { PROPERTIES, PROPERTY_NAMES } from './all.js';

const OF_STUBS = PROPERTIES.filter(speaksOfStubs);
const OF_PROGRAMS = PROPERTIES.filter(speaksOfPrograms);
const PROGRAM_NAMES = ALL_PROGRAMS.map(({ name }) => name);
const PROGRAMS = CONTRACT_SETS.flatMap(({ programs = {} }) => Object.values(programs));
const CONTRACTS = CONTRACT_SETS.flatMap(({ name, contracts }) =>
  Object.values(contracts).map((contract) => compileContract(contract, name)),
);

describe('the properties', () => {
  it('have a file each, with its name', async () => {
    const files = readdirSync(import.meta.dirname)
      .filter((file) => file.endsWith('.ts') && !file.includes('.test.') && file !== 'all.ts')
      .map((file) => file.replace(/\.ts$/, ''));
    expect([...PROPERTY_NAMES].sort()).toEqual(files.sort());
    for (const property of PROPERTIES) {
      const exported = (await import(/* @vite-ignore */ join(import.meta.dirname, `${property.name}.ts`))) as Record<
        string,
        unknown
      >;
      expect(Object.values(exported), property.name).toContain(property);
    }
  });

  it('have a name of their own, of small words', () => {
    expect(new Set(PROPERTY_NAMES).size).toBe(PROPERTIES.length);
    for (const name of PROPERTY_NAMES) expect(name).toMatch(/^[a-z]+(-[a-z0-9]+)*$/);
  });

  it.each(PROPERTIES.map((property) => [property.name, property] as const))(
    '%s says all that explain prints',
    (_, property) => {
      for (const text of [property.rule, property.source, property.example, property.fix]) {
        expect(text.length).toBeGreaterThan(10);
        expect(text).not.toMatch(/\n|TODO/);
      }
      for (const sentence of [property.rule, property.example, property.fix]) expect(sentence).toMatch(/^\S.*\.$/);
      expect(property.source, 'names where it was read').toMatch(/^docs\/abi\//);
    },
  );

  it('speak of single functions or of programs', () => {
    for (const { name, stub, program } of PROPERTIES) expect(stub ?? program, name).toBeDefined();
  });

  it.each(OF_STUBS.map((property) => [property.name, property.stub] as const))(
    '%s applies to some contract, with clauses that compile and differ',
    (_, rule) => {
      const applicable = CONTRACTS.filter((compiled) => rule.appliesTo(compiled) === true);
      expect(applicable.length).toBeGreaterThan(0);
      for (const compiled of applicable) {
        const clauses = rule.clauses(compiled);
        for (const clause of clauses) expect(compileClause(clause, compiled)).toBeTypeOf('function');
        expect(clauses.length).toBeGreaterThan(0);
        const texts = clauses.map(renderClause);
        expect(new Set(texts).size).toBe(texts.length);
      }
    },
  );

  it.each(OF_PROGRAMS.map((property) => [property.name, property.program] as const))(
    '%s speaks of programs that there are, with clauses that differ',
    (_, rule) => {
      const { programs } = rule;
      if (programs !== 'all') expect(PROGRAM_NAMES).toEqual(expect.arrayContaining([...programs]));
      const applicable = PROGRAMS.filter(
        (contract) =>
          (programs === 'all' || programs.includes(contract.program)) && (rule.appliesTo?.(contract) ?? true) === true,
      );
      expect(applicable.length).toBeGreaterThan(0);
      for (const contract of applicable) {
        const texts = rule.clauses(contract).map(renderExchangeClause);
        expect(texts.length).toBeGreaterThan(0);
        expect(new Set(texts).size).toBe(texts.length);
      }
    },
  );

  it('give a reason where they do not apply', () => {
    const reasons = CONTRACTS.flatMap((compiled) =>
      OF_STUBS.map(({ stub }) => stub.appliesTo(compiled)).filter((applies) => applies !== true),
    );
    expect(reasons.length).toBeGreaterThan(0);
    for (const reason of reasons) expect(reason).toMatch(/^.{20,}$/);
  });

  it('hold by decode only where the code cannot touch the state concerned', () => {
    const holds = ({ stub }: StubProperty, vector: boolean, systemFlags: boolean): boolean[] =>
      CONTRACTS.map((compiled) => stub.holdsByDecode?.({ vector, systemFlags }, compiled) === true);
    const decided = OF_STUBS.filter(({ stub }) => stub.holdsByDecode !== undefined);
    expect(decided.map(({ name }) => name)).toEqual(['keeps-flags', 'keeps-vector-state']);
    for (const property of decided) {
      expect(holds(property, false, false)).toContain(true);
      expect(holds(property, true, true)).not.toContain(true);
    }
  });
});
