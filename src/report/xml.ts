/** XML 1.0 by hand: elements, attributes, text. Whatever text is given, the result is well formed. */

/** What production 2 (Char) of XML 1.0 leaves out, halves of surrogate pairs included. */
const NO_XML_CHARACTER = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu;
const MARKUP: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\r': '&#13;',
};

/** The text as content of an element. Characters that XML forbids are shown as `\x1b` or `\ufffe`. */
export function xmlText(text: string): string {
  return text
    .replace(NO_XML_CHARACTER, (character) => {
      const code = character.charCodeAt(0);
      return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
    })
    .replace(/[&<>"\t\r]/g, (character) => MARKUP[character]);
}

/**
 * An element on lines of its own.
 * @param attributes whose value is undefined are left out
 * @param content text, or elements as this function makes them
 */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
  content: string | readonly string[] = [],
): string {
  const open = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${xmlText(String(value)).replaceAll('\n', '&#10;')}"`)
    .join('');
  if (typeof content === 'string') return `<${name}${open}>${xmlText(content)}</${name}>`;
  if (content.length === 0) return `<${name}${open}/>`;
  return `<${name}${open}>\n${content.join('\n')}\n</${name}>`;
}
