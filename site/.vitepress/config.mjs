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

// Vite and VitePress read the default export.
export default defineConfig({
  title: 'Towpath',
  description: 'A WebSocket framework for TypeScript and JavaScript',
  lang: 'en',
  srcDir: 'pages',
  outDir: '../build/site',
  markdown: { anchor: { slugify: slugOf } },
  // The reference is one large chunk for each entry point.
  vite: { build: { chunkSizeWarningLimit: 2000 } },
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: '/icon.svg' }]],
  themeConfig: {
    logo: '/icon.svg',
    search: {
      provider: 'local',
      options: {
        miniSearch: { searchOptions: SEARCH_OPTIONS },
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
