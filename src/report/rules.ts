/** The texts of a property by its stable name: results name properties, and reports explain them. */
import { PROPERTIES } from '../../properties/all.js';

export interface Rule {
  /** The rule in one sentence. */
  readonly rule: string;
  /** Where the rule comes from. */
  readonly source: string;
  /** What a violation usually is. */
  readonly example: string;
  readonly fix: string;
}

const RULES: ReadonlyMap<string, Rule> = new Map(
  PROPERTIES.map(({ name, rule, source, example, fix }) => [name, { rule, source, example, fix }]),
);

/** @returns undefined for a property of another version of the tool */
export function ruleOf(property: string): Rule | undefined {
  return RULES.get(property);
}
