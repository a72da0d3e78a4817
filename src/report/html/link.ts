/** Compiled modules as one: their names share a scope, so every top-level name is there once. */

/** Of named things under their own names: another name would be lost with the line. */
const IMPORT = /^import \{(?:(?! as )[^;])*?\} from '\.\/[a-z-]+\.js';\n/gm;
const EXPORT = /^export (?=(?:async )?(?:function|const|let|class) )/gm;

/**
 * @param sources what tsc made of the modules, each behind those that it imports
 * @throws Error for a form of import or export that this does not know, or for what could end a script element
 */
export function linkModules(sources: readonly string[]): string {
  const linked = sources.map((source) => source.replaceAll(IMPORT, '').replaceAll(EXPORT, '')).join('\n');
  const left = /^(?:import|export)\b.*$/m.exec(linked)?.[0] ?? /<\/script|<!--/i.exec(linked)?.[0];
  if (left !== undefined) throw new Error(`the script of the report cannot be linked: ${left}`);
  return linked;
}
