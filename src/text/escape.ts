/** Names out of a hostile file, made safe for a terminal and a one-line message. */

/** C0, DEL, C1, bidirectional controls, line separators, byte order mark, and halves of surrogate pairs. */
const UNSAFE =
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** The text with every control character written as `\x1b` or `\u2028`. Plain names come back unchanged. */
export function escapeName(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** As {@link escapeName}, at most `limit` characters of the text, with `...` where it was cut. */
export function shorten(text: string, limit = 120): string {
  return text.length <= limit ? escapeName(text) : `${escapeName(text.slice(0, limit))}...`;
}
