/** Pieces of Markdown for the pages of docs/reference. */

/** Where the pages lie, from the package's root. */
export const REFERENCE_FOLDER = 'docs/reference';

export function inCode(text: string): string {
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``;
}

/** A cell of a table: on one line, and without a bar that ends it. */
export function cell(text: string): string {
  return text.replaceAll('\n', ' ').replaceAll('|', '\\|');
}

/** The places of a source, each as a link from the folder of the pages. */
export function linkedSource(source: string): string {
  return source
    .split('; ')
    .map((part) => {
      const [place, ...remark] = part.split(' ');
      if (!place.startsWith('docs/')) return part;
      const link = `[${place.slice('docs/'.length)}](../${place.slice('docs/'.length)})`;
      return [link, ...remark].join(' ');
    })
    .join('; ');
}
