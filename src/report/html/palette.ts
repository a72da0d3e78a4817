/** What the report and the documentation look alike in: colours of both schemes by name, and the face of code. */
export const PALETTE = `  --page: light-dark(#ffffff, #15181b);
  --panel: light-dark(#f5f6f8, #1c2024);
  --line: light-dark(#d4d8de, #363c43);
  --text: light-dark(#1a1e23, #e3e6ea);
  --quiet: light-dark(#545d68, #a0a9b4);
  --link: light-dark(#0b4fb3, #7fb8ff);`;

export const MONO = `  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace;`;
