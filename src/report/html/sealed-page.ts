/** A page of HTML in one file, which may load nothing and run nothing but what is in it (Content Security Policy Level 3). */
import { createHash } from 'node:crypto';
import { xmlText } from '../xml.js';

interface SealedPage {
  title: string;
  style: string;
  /** The one script that may run; absent: none. It stands in the body. */
  script?: string;
  body: string;
}

export function sealedPage({ title, style, script, body }: SealedPage): string {
  const policy = [
    "default-src 'none'",
    `style-src '${hashOf(style)}'`,
    ...(script === undefined ? [] : [`script-src '${hashOf(script)}'`]),
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${xmlText(title)}</title>
<style>${style}</style>
</head>
<body>
${body}
</body>
</html>
`;
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
