/**
 * Writes the pages of the site into `pages/`, from the Markdown of the repository: code that readers
 * need not see is left out, links lead to the pages of the site, and a dead link is an error. Also
 * writes `llms.txt` and `llms-full.txt`, one file of everything.
 */

import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, posix } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { slugsOf } from './slugs.mjs'
import { HOME, MENU, UNLISTED } from './menu.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** Tests write to a folder of their own. */
const OUT = process.argv[2] ?? fileURLToPath(new URL('pages', import.meta.url))
const PICTURE = /\.(png|svg)$/

/** Every page, with its title and text as the site shows them. */
function readPages() {
  const sources = [HOME, ...MENU.flatMap(({ pages }) => pages), ...UNLISTED]
  const pathOf = new Map(sources.map(({ file, path }) => [file, path]))
  return sources.map((source) => ({ ...source, ...readPage(source, pathOf) }))
}

function readPage(source, pathOf) {
  const text = readFileSync(join(ROOT, source.file), 'utf8')
    .replaceAll(/^<!-- (?:prelude|epilogue)$[^]*?^-->\n/gm, '')
    .replaceAll(/^( *```ts) (?:run|test)$/gm, '$1')
  const shown = outsideOfCode(text, (prose) => withLinksOfSite(prose, source, pathOf))
  const [, title = source.path] = /^# (.+)$/m.exec(shown) ?? []
  return { title, text: shown }
}

/** Changes what is neither a block of code nor code in a line. */
function outsideOfCode(text, change) {
  return text
    .split(/(^ *```[^]*?^ *```$)/m)
    .map((part, index) => (index % 2 === 0 ? outsideOfSpans(part, change) : part))
    .join('')
}

/** Code in a line may be the text of a link, so that it stands for itself while links change. */
function outsideOfSpans(prose, change) {
  const spans = []
  const marked = prose.replaceAll(/`[^`\n]+`/g, (span) => `\u0000${spans.push(span) - 1}\u0000`)
  // oxlint-disable-next-line no-control-regex -- no page has this character
  return change(marked).replaceAll(/\u0000(\d+)\u0000/g, (_, index) => spans[index])
}

function withLinksOfSite(prose, source, pathOf) {
  return prose.replaceAll(/(!?)\[([^\][]*)\]\(([^)\s]+)\)/g, (whole, bang, text, target) => {
    if (/^[a-z]+:/.test(target)) return whole
    const [, path = '', anchor = ''] = /^([^#]*)(#.*)?$/.exec(target) ?? []
    const file =
      path === '' ? source.file : posix.join(posix.dirname(source.file), path).replace(/\/$/, '')
    if (!existsSync(join(ROOT, file)) || (anchor !== '' && !hasHeading(file, anchor.slice(1)))) {
      throw new Error(`Cannot build the site: ${source.file} has a dead link to ${target}`)
    }
    if (path === '') return whole
    if (PICTURE.test(file)) return `${bang}[${text}](${relativeTo(source, copyPicture(file))})`
    const place = pathOf.get(file) ?? pathOf.get(`${file}/README.md`)
    // A file of the repository that is no page: its name is enough.
    return place === undefined ? text : `[${text}](${relativeTo(source, place)}${anchor})`
  })
}

function hasHeading(file, slug) {
  return file.endsWith('.md') && slugsOf(readFileSync(join(ROOT, file), 'utf8')).has(slug)
}

function relativeTo(source, place) {
  const path = posix.relative(posix.dirname(source.path), place)
  return path.startsWith('.') ? path : `./${path}`
}

function copyPicture(file) {
  const place = posix.relative('docs', file)
  write(place, null)
  copyFileSync(join(ROOT, file), join(OUT, place))
  return place
}

/** Writes a file of the site; `null` only makes its folder. */
function write(path, text) {
  mkdirSync(dirname(join(OUT, path)), { recursive: true })
  if (text !== null) writeFileSync(join(OUT, path), text)
}

/** The first page begins with a heading of its own, and continues as the README does. */
function homeOf({ text }) {
  const [, tagline = '', rest = ''] = /\*\*([^]*?)\*\*\n([^]*)/.exec(text) ?? []
  const action = (words, link, theme) => ({ theme, text: words, link })
  const front = {
    layout: 'home',
    hero: {
      name: 'Towpath',
      text: 'WebSockets as one async function',
      tagline: tagline.replaceAll('\n', ' '),
      image: { src: '/icon.svg', alt: '' },
      actions: [
        action('Get started', '/getting-started', 'brand'),
        action('Recipes', '/recipes/', 'alt'),
        action('Reference', '/reference/', 'alt'),
      ],
    },
  }
  return `---\n${JSON.stringify(front)}\n---\n\n<div class="vp-doc readme">\n${rest}\n</div>\n`
}

/** What a model reads: a list of the pages, each with its first sentence. */
function llmsOf(pages) {
  const home = pages[0]
  const [, tagline = ''] = /\*\*([^]*?)\*\*/.exec(home?.text ?? '') ?? []
  const line = ({ title, path, text }) =>
    `- [${title}](/${path.replace(/\.md$/, '.html')}): ${firstSentence(text)}`
  const lines = pages.filter((page) => page !== home).map(line)
  return `# Towpath\n\n> ${tagline.replaceAll('\n', ' ')}\n\nAll pages in one file: [llms-full.txt](/llms-full.txt)\n\n## Pages\n\n${lines.join('\n')}\n`
}

function firstSentence(text) {
  const [paragraph = ''] =
    text
      .split(/\n\n+/)
      .map((each) => each.replaceAll('\n', ' ').trim())
      .filter((each) => /^[A-Z`[]/.test(each)) ?? []
  return (/^.*?[.:](?= |$)/.exec(paragraph)?.[0] ?? paragraph).replaceAll(
    /\[([^\]]*)\]\([^)]*\)/g,
    '$1',
  )
}

rmSync(OUT, { recursive: true, force: true })
const pages = readPages()
for (const page of pages) write(page.path, page.file === HOME.file ? homeOf(page) : page.text)
write('public/llms.txt', llmsOf(pages))
write(
  'public/llms-full.txt',
  pages.map(({ file, text }) => `<!-- ${file} -->\n\n${text}`).join('\n\n'),
)
copyFileSync(join(ROOT, 'examples/public/icon.svg'), join(OUT, 'public/icon.svg'))
console.log(
  `${pages.length} pages, ${statSync(join(OUT, 'public/llms-full.txt')).size} bytes in llms-full.txt`,
)
