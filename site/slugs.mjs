/**
 * The anchors of headings, as GitHub makes them: a link works in the repository and on the site.
 */

/** The anchor of a heading, from its text. */
export function slugOf(heading) {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
    .replaceAll(' ', '-')
}

/** All anchors of a page. A heading that occurs again gets a number. */
export function slugsOf(markdown) {
  const seen = new Map()
  const slugs = new Set()
  const prose = markdown.replaceAll(/^ *```[^]*?^ *```$/gm, '')
  for (const [, heading = ''] of prose.matchAll(/^#{1,6} (.+)$/gm)) {
    // Of a link in a heading, only its text counts.
    const slug = slugOf(heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1'))
    const count = seen.get(slug) ?? 0
    seen.set(slug, count + 1)
    slugs.add(count === 0 ? slug : `${slug}-${count}`)
  }
  return slugs
}
