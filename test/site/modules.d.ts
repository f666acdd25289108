/** The modules of the site, as far as tests use them: they are plain JavaScript. */

declare module '*/site/slugs.mjs' {
  export function slugOf(heading: string): string
  export function slugsOf(markdown: string): Set<string>
}
