/**
 * `*` for any text, `?` for one character; everything else is itself. Takes no more than text times glob steps, whatever
 * the glob: one with many stars may come from somebody else's file.
 */
export function matchesGlob(text: string, glob: string): boolean {
  let at = 0;
  let wanted = 0;
  // Where to go on when the text that the last star stands for was too short.
  let star = -1;
  let starAt = 0;
  while (at < text.length) {
    if (glob[wanted] === '*') {
      star = wanted++;
      starAt = at;
    } else if (glob[wanted] === '?' || glob[wanted] === text[at]) {
      wanted++;
      at++;
    } else if (star >= 0) {
      wanted = star + 1;
      at = ++starAt;
    } else {
      return false;
    }
  }
  while (glob[wanted] === '*') wanted++;
  return wanted === glob.length;
}
