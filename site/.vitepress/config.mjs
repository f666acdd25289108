import { readFileSync } from 'node:fs'
import { defineConfig } from 'vitepress'
import { MENU } from '../menu.mjs'
import { SEARCH_OPTIONS } from '../search-options.mjs'
import { slugOf } from '../slugs.mjs'

const pages = new URL('../pages/', import.meta.url)

/** The heading of a page, without its marks. */
function titleOf(path) {
  const [, title = path] = /^# (.+)$/m.exec(readFileSync(new URL(path, pages), 'utf8')) ?? []
  return title.replaceAll('`', '')
}

const item = ({ path }) => ({ text: titleOf(path), link: `/${path.replace(/(index)?\.md$/, '')}` })

const guide = MENU.map((group) => ({
  text: group.text,
  collapsed: false,
  items: group.pages.map(item),
}))

const reference = JSON.parse(readFileSync(new URL('reference/typedoc-sidebar.json', pages), 'utf8'))

/** Pages as the search reads them, by their files. */
const searched = new Map()

/**
 * Renders a page for the search. VitePress renders every page once for the browser's search and
 * once for the server's. The search drops all tags, so code needs no highlighting, and one result
 * serves both. The index is the same; the build takes 18 s of CPU instead of 23.
 */
function renderForSearch(source, env, md) {
  const known = searched.get(env.path)
  if (known !== undefined) return known
  const { highlight } = md.options
  md.options.highlight = null
  try {
    const html = md.render(source, env)
    searched.set(env.path, html)
    return html
  } finally {
    md.options.highlight = highlight
  }
}

// Vite and VitePress read the default export.
export default defineConfig({
  title: 'Towpath',
  description: 'A WebSocket framework for TypeScript and JavaScript',
  lang: 'en',
  srcDir: 'pages',
  outDir: '../build/site',
  markdown: { anchor: { slugify: slugOf } },
  // The reference is one large chunk for each entry point. The index of the search is the largest.
  vite: { build: { chunkSizeWarningLimit: 4000 } },
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: '/icon.svg' }]],
  themeConfig: {
    logo: '/icon.svg',
    search: {
      provider: 'local',
      options: {
        miniSearch: { searchOptions: SEARCH_OPTIONS },
        _render: renderForSearch,
      },
    },
    outline: [2, 3],
    nav: [
      { text: 'Guide', link: '/getting-started' },
      { text: 'Reference', link: '/reference/' },
      { text: 'Changes', link: '/project/changelog' },
    ],
    sidebar: {
      '/reference/': [{ text: 'Reference', items: reference }],
      '/': guide,
    },
  },
})
