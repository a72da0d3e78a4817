/** Writes small archives for tests, right or wrong on purpose. Knows the format on its own. */

export type ArchiveStyle = 'gnu' | 'bsd' | 'thin' | 'microsoft';

function header(name: string, size: number): Buffer {
  return Buffer.from(
    `${name.padEnd(16)}${'0'.padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'644'.padEnd(8)}${String(size).padEnd(10)}\`\n`,
  );
}

function padded(bytes: Uint8Array): Uint8Array[] {
  return bytes.length % 2 === 0 ? [bytes] : [bytes, Buffer.from('\n')];
}

/** Members in order; those of a thin archive have only their sizes in it. */
export function writeArchive(members: readonly [name: string, bytes: Uint8Array][], style: ArchiveStyle): Uint8Array {
  const parts: Uint8Array[] = [Buffer.from(style === 'thin' ? '!<thin>\n' : '!<arch>\n')];
  const symbols = new Uint8Array(4);
  if (style === 'bsd') parts.push(header('__.SYMDEF SORTED', 4), symbols);
  else parts.push(header('/', 4), symbols);
  if (style === 'microsoft') parts.push(header('/', 4), symbols, header('/<ECSYMBOLS>/', 4), symbols);
  if (style === 'gnu') parts.push(header('/SYM64/', 4), symbols);
  const offsets: number[] = [];
  if (style !== 'bsd') {
    let table = '';
    for (const [name] of members) {
      offsets.push(Buffer.byteLength(table));
      table += style === 'microsoft' ? `${name}\0` : `${name}/\n`;
    }
    const bytes = Buffer.from(table);
    parts.push(header('//', bytes.length), ...padded(bytes));
  }
  members.forEach(([name, bytes], index) => {
    const isLong = style === 'thin' || name.length > 15;
    if (style === 'bsd' && isLong)
      parts.push(
        header(`#1/${name.length + 4}`, bytes.length + name.length + 4),
        ...padded(Buffer.concat([Buffer.from(`${name}\0\0\0\0`), bytes])),
      );
    else {
      parts.push(header(style === 'bsd' ? name : isLong ? `/${offsets[index]}` : `${name}/`, bytes.length));
      if (style !== 'thin') parts.push(...padded(bytes));
    }
  });
  return new Uint8Array(Buffer.concat(parts));
}
