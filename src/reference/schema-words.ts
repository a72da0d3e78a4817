/** The words of a JSON Schema as rows of a table: path, what it may be, whether it must be there, what it says. */
import { cell, inCode } from './markdown.js';

/** What is used of JSON Schema, as zod writes it. */
export interface JsonSchema {
  type?: string | string[];
  description?: string;
  const?: unknown;
  enum?: readonly unknown[];
  anyOf?: readonly JsonSchema[];
  oneOf?: readonly JsonSchema[];
  allOf?: readonly JsonSchema[];
  properties?: Readonly<Record<string, JsonSchema>>;
  required?: readonly string[];
  additionalProperties?: boolean | JsonSchema;
  propertyNames?: JsonSchema;
  items?: JsonSchema;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  pattern?: string;
  default?: unknown;
  $ref?: string;
  $defs?: Readonly<Record<string, JsonSchema>>;
}

export interface Word {
  path: string;
  kind: string;
  required: boolean;
  description: string;
}

/** Deeper than any schema of the tool: a schema that names itself would never end. */
const DEEPEST = 12;

/** Every word below a schema, in its order. @param only words for which this holds; all below one that is left out too */
export function wordsOf(schema: JsonSchema, only: (path: string) => boolean = () => true): Word[] {
  const words = new Map<string, Word>();
  const add = (word: Word): void => {
    const known = words.get(word.path);
    // A word of several alternatives: what it may be in each of them.
    if (known === undefined) words.set(word.path, word);
    else if (!known.kind.split(' or ').includes(word.kind))
      words.set(word.path, {
        ...known,
        kind: `${known.kind} or ${word.kind}`,
        required: known.required && word.required,
      });
  };
  const visit = (at: JsonSchema, path: string, depth: number): void => {
    const here = resolved(at, schema);
    if (depth > DEEPEST) return;
    for (const part of alternatives(here)) visit(part, path, depth + 1);
    for (const [name, value] of Object.entries(here.properties ?? {})) {
      const below = path === '' ? name : `${path}.${name}`;
      if (!only(below)) continue;
      const known = resolved(value, schema);
      add({
        path: below,
        kind: kindOf(known, schema),
        required: here.required?.includes(name) === true && known.default === undefined,
        description: value.description ?? known.description ?? '',
      });
      visit(value, below, depth + 1);
    }
    if (here.items !== undefined) visit(here.items, `${path}[]`, depth + 1);
    if (typeof here.additionalProperties === 'object') visit(here.additionalProperties, `${path}.NAME`, depth + 1);
  };
  visit(schema, '', 0);
  return [...words.values()];
}

function alternatives({ anyOf = [], oneOf = [], allOf = [] }: JsonSchema): JsonSchema[] {
  return [...anyOf, ...oneOf, ...allOf];
}

function resolved(schema: JsonSchema, root: JsonSchema): JsonSchema {
  const name = /^#\/\$defs\/(.+)$/.exec(schema.$ref ?? '')?.[1];
  return name === undefined ? schema : (root.$defs?.[name] ?? schema);
}

/** In words: `0x...`, `one of "a", "b"`, `list of text`. */
function kindOf(schema: JsonSchema, root: JsonSchema): string {
  const parts = alternatives(schema).map((part) => kindOf(resolved(part, root), root));
  if (parts.length > 0) return [...new Set(parts)].join(' or ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return `one of ${schema.enum.map((value) => JSON.stringify(value)).join(', ')}`;
  if (schema.items !== undefined) return `list of ${kindOf(resolved(schema.items, root), root)}`;
  if (schema.properties !== undefined) return `{ ${Object.keys(schema.properties).join(', ')} }`;
  if (typeof schema.additionalProperties === 'object')
    return `NAME: ${kindOf(resolved(schema.additionalProperties, root), root)}`;
  if (schema.type === 'integer') return `integer${rangeOf(schema)}`;
  if (schema.type === 'string') return schema.pattern?.startsWith('^0x') === true ? 'text 0x...' : 'text';
  return Array.isArray(schema.type) ? schema.type.join(' or ') : (schema.type ?? 'anything');
}

/** The bounds of numbers that a program can hold are no bounds. */
function rangeOf({ minimum, maximum }: JsonSchema): string {
  const [least, most] = [minimum, maximum].map((bound) =>
    bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER ? String(bound) : undefined,
  );
  if (least !== undefined && most !== undefined) return ` from ${least} to ${most}`;
  if (least !== undefined) return ` from ${least}`;
  return most === undefined ? '' : ` to ${most}`;
}

export function wordTable(words: readonly Word[]): string[] {
  return [
    '| word | is | needed | says |',
    '|---|---|---|---|',
    ...words.map(
      ({ path, kind, required, description }) =>
        `| ${inCode(path)} | ${cell(kind)} | ${required ? 'yes' : ''} | ${cell(description)} |`,
    ),
  ];
}
