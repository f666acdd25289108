/**
 * The pages of the site, in the order of its menu. A page is a file of the repository, and the path
 * that it has on the site. A page of `docs/` that is not named here is in the last group.
 */

import { existsSync, readdirSync } from 'node:fs'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

const docs = (...names) => names.map((name) => ({ file: `docs/${name}.md`, path: `${name}.md` }))

const NAMED = [
  {
    text: 'Start',
    pages: [
      ...docs('getting-started'),
      { file: 'create-towpath/README.md', path: 'create-towpath.md' },
      { file: 'docs/README.md', path: 'overview.md' },
      { file: 'examples/README.md', path: 'examples/index.md' },
    ],
  },
  {
    text: 'Sessions',
    pages: docs(
      'sessions-and-channels',
      'flow-control',
      'closing',
      'limits',
      'compression',
      'testing',
    ),
  },
  {
    text: 'Server',
    pages: docs(
      'server',
      'routing',
      'mounts',
      'http2',
      'scaling',
      'operations',
      'inspector',
      'cli',
      'security',
    ),
  },
  { text: 'Client', pages: docs('client', 'browser', 'reconnecting') },
  { text: 'Typed messages', pages: docs('messages', 'asyncapi', 'interop') },
  { text: 'Topics', pages: docs('topics', 'presence', 'brokers', 'topics-wire') },
  { text: 'Recipes', pages: [], folder: 'docs/recipes' },
  {
    text: 'Coming from',
    pages: docs(
      'coming-from-ktor',
      'coming-from-ws',
      'coming-from-socket-io',
      'coming-from-fastify-websocket',
      'coming-from-trpc',
      'coming-from-nest-gateways',
    ),
  },
  {
    text: 'Look up',
    pages: docs('errors', 'rfc-map', 'contract', 'benchmarks', 'mutation-testing', 'topics-checks'),
  },
  {
    text: 'Project',
    pages: ['DESIGN', 'CONTRIBUTING', 'SECURITY', 'CHANGELOG'].map((name) => ({
      file: `${name}.md`,
      path: `project/${name.toLowerCase()}.md`,
    })),
  },
]

const named = new Set(NAMED.flatMap(({ pages }) => pages.map(({ file }) => file)))

/** All groups, with their pages. */
export const MENU = [
  ...NAMED.map(({ text, pages, folder }) => ({
    text,
    pages: [...pages, ...(folder === undefined ? [] : pagesBelow(folder))],
  })),
  {
    text: 'More',
    pages: pagesBelow('docs').filter(
      ({ file }) => !named.has(file) && !file.startsWith('docs/recipes/'),
    ),
  },
].filter(({ pages }) => pages.length > 0)

/** Pages that the menu leaves out: the examples are linked from their list. */
export const UNLISTED = [
  'behind-a-proxy',
  'browser-page',
  'chat',
  'chat-bot',
  'cluster',
  'contract',
  'echo',
  'inspector',
  'metrics',
  'reconnecting-dashboard',
].map((name) => ({ file: `examples/${name}/README.md`, path: `examples/${name}.md` }))

/** The first page. */
export const HOME = { file: 'README.md', path: 'index.md' }

/** The pages below a folder, in the order of their names. */
function pagesBelow(folder) {
  if (!existsSync(join(ROOT, folder))) return []
  return readdirSync(join(ROOT, folder), { recursive: true })
    .map((name) => posix.join(folder, name.replaceAll('\\', '/')))
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((file) => ({ file, path: posix.relative('docs', file).replace('README.md', 'index.md') }))
}
