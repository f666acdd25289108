/**
 * The page as it is sent: one document with its script and style inside, allowed by their hashes.
 */

import { createHash } from 'node:crypto'

import { PAGE_SCRIPT, PAGE_STYLE } from './page-source.ts'

/** The page, and the headers that every answer of the inspector has. */
export interface Page {
  readonly html: string
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
}

/** Shown by browsers in the tab; the only thing that is not hashed. */
const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' rx='7' fill='%230f6a6c'/%3E%3Cpath d='M5 21h4l4-11 5 15 4-9h5' fill='none' stroke='white' stroke-width='2.6' stroke-linecap='round' stroke-linejoin='round'/%3E%3C/svg%3E"

/**
 * The policy forbids everything that the page does not need: foreign scripts, frames, forms, and
 * markup made of text (`trusted-types`). `connect-src` is for the socket of the page.
 */
const POLICY = [
  "default-src 'none'",
  `script-src '${hashOf(PAGE_SCRIPT)}'`,
  `style-src '${hashOf(PAGE_STYLE)}'`,
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

/** The headers of every answer. They replace those of helmet. */
export const PAGE_HEADERS: Page['headers'] = [
  ['content-security-policy', POLICY],
  ['x-frame-options', 'DENY'],
  ['x-content-type-options', 'nosniff'],
  ['referrer-policy', 'no-referrer'],
  ['cross-origin-opener-policy', 'same-origin'],
  ['cross-origin-resource-policy', 'same-origin'],
  ['cache-control', 'no-store'],
]

/** The document. It is the same for all operators, and has no data in it. */
export const PAGE_HTML: string = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>Towpath inspector</title>
<link rel="icon" href="${ICON}">
<style>${PAGE_STYLE}</style>
</head>
<body>
<div id="inspector"></div>
<noscript>The inspector needs JavaScript.</noscript>
<script type="module">${PAGE_SCRIPT}</script>
</body>
</html>
`

/** The source of a script or a style in a policy (CSP3 §2.3.1). */
function hashOf(source: string): string {
  return `sha256-${createHash('sha256').update(source).digest('base64')}`
}
