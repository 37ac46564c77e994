import { createHash } from 'node:crypto';
import { bundleClient } from './bundle.ts';
import type { PageData } from './data.ts';
import { css } from './style.ts';

/**
 * The page as one HTML file: style, program and data are inside, and it asks nobody for anything.
 *
 * Its policy of contents lets no script run but its own. A `live` page asks the server that it came from for newer
 * data.
 */
export async function renderPage(data: PageData, { live = false } = {}): Promise<string> {
  const script = await bundleClient();
  const policy = [
    "default-src 'none'",
    'img-src data:',
    `script-src '${sourceHash(script)}'`,
    // Charts set widths and colours by attributes of style.
    "style-src 'unsafe-inline'",
    ...(live ? ["connect-src 'self'"] : []),
  ].join('; ');
  return `<!doctype html>
<html lang="en"${live ? ' data-live' : ''}>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>${escapeText(data.title)}</title>
<style>${css}</style>
</head>
<body>
<noscript>This page draws itself: allow its script to run. It asks no other computer for anything.</noscript>
<script type="application/json" id="data">${embed(data)}</script>
<script>${script}</script>
</body>
</html>
`;
}

function sourceHash(script: string): string {
  return `sha256-${createHash('sha256').update(script).digest('base64')}`;
}

/** JSON that cannot end its element: in it, `<` stands in texts only, where it may be written as an escape. */
function embed(data: PageData): string {
  return JSON.stringify(data).replaceAll('<', '\\u003c');
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
