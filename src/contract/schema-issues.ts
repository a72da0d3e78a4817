/** What a schema says of a document that is not right, in lines for people: where, what, and the nearest name. */
import type { z } from 'zod';
import { escapeName, shorten } from '../text/escape.js';
import { nearest, nearestNames } from '../text/nearest.js';

/** What a zod schema is made of, as far as paths go through it. */
interface Shape {
  shape?: Record<string, unknown>;
  element?: unknown;
  valueType?: unknown;
  options?: readonly unknown[];
  unwrap?: () => unknown;
  in?: unknown;
}

/** One line for each issue, escaped: the place in the document and what is wrong there. */
export function issueLines(error: z.ZodError, schema: z.ZodType, json: unknown): string[] {
  return error.issues.flatMap((issue) => {
    const where = issue.path.length === 0 ? 'top level' : issue.path.map(String).join('.');
    if (issue.code === 'unrecognized_keys') {
      const known = keysAt(schema, issue.path);
      return issue.keys.map((key) => escapeName(`${where}: Unrecognized key: "${shorten(key)}"${near(key, known)}`));
    }
    return [escapeName(`${where}: ${issue.message}${nearValue(valueAt(json, issue.path), issue.message)}`)];
  });
}

function near(wanted: string, known: readonly string[]): string {
  return known.length === 0 ? '' : `; ${nearest(wanted, known)}`;
}

/** Of a word in place of which the message names others, the nearest of these. */
function nearValue(value: unknown, message: string): string {
  if (typeof value !== 'string') return '';
  const words = [...message.matchAll(/["']([\w-]+)["']/g)].map(([, word]) => word);
  const names = nearestNames(value, words, 1);
  return names.length === 0 ? '' : `; nearest: ${names[0]}`;
}

function valueAt(json: unknown, path: readonly PropertyKey[]): unknown {
  let at = json;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<PropertyKey, unknown>)[key];
  }
  return at;
}

/** A copy without the keys that no schema knows, so that what else is wrong can be said as well. */
export function withoutUnknownKeys(error: z.ZodError, json: unknown): unknown {
  const copy: unknown = structuredClone(json);
  for (const issue of error.issues) {
    if (issue.code !== 'unrecognized_keys') continue;
    const at = valueAt(copy, issue.path);
    if (typeof at === 'object' && at !== null)
      for (const key of issue.keys) delete (at as Record<string, unknown>)[key];
  }
  return copy;
}

/** The keys that a schema knows at a place. */
function keysAt(schema: unknown, path: readonly PropertyKey[]): string[] {
  const inner = unwrapped(schema);
  return inner.flatMap((one) => {
    if (path.length === 0) return Object.keys(one.shape ?? {});
    const [key, ...rest] = path;
    if (one.shape !== undefined) return Object.hasOwn(one.shape, key) ? keysAt(one.shape[String(key)], rest) : [];
    const next = one.element ?? one.valueType;
    return next === undefined ? [] : keysAt(next, rest);
  });
}

/** The schemas that a schema stands for: without what makes it optional or refines it, and each option of a union. */
function unwrapped(schema: unknown): Shape[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const one = schema as Shape;
  if (one.shape !== undefined || one.element !== undefined || one.valueType !== undefined) return [one];
  if (Array.isArray(one.options)) return one.options.flatMap(unwrapped);
  if (one.unwrap !== undefined) return unwrapped(one.unwrap());
  return one.in === undefined ? [] : unwrapped(one.in);
}
