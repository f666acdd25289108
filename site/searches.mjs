/**
 * Searches the site that was just built, as a reader does. The build fails unless the first hit of
 * each search is on the page that answers it.
 */

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { runInNewContext } from 'node:vm'
import MiniSearch from 'minisearch'
import { SEARCH_OPTIONS } from './search-options.mjs'

const CHUNKS = fileURLToPath(new URL('../build/site/assets/chunks', import.meta.url))

/** What strangers look for, and the page that answers it. */
const SEARCHES = [
  ['reconnect', '/reconnecting'],
  ['close codes', '/closing'],
  ['behind nginx', '/recipes/proxies'],
  ['chat rooms', '/recipes/rooms-and-presence'],
  ['redis', '/brokers'],
  ['prometheus', '/operations'],
  ['socket.io', '/coming-from-socket-io'],
  ['test a handler', '/testing'],
  ['log in', '/recipes/log-in'],
  ['typed messages', '/messages'],
  ['authentication', '/recipes/log-in'],
  ['backpressure', '/flow-control'],
  ['nginx', '/recipes/proxies'],
  ['message size', '/limits'],
  ['graceful shutdown', '/server'],
]

/** Functions as the page has them: from their text. */
function asInThePage(options) {
  const entries = Object.entries(options)
  return Object.fromEntries(
    entries.map(([name, option]) => [name, runInNewContext(`(${option.toString()})`)]),
  )
}

/** The index as the page loads it, and the options that VitePress 1.6 gives it. */
async function loadIndex() {
  const name = readdirSync(CHUNKS).find((each) => each.startsWith('@localSearchIndexroot'))
  if (name === undefined) throw new Error('Cannot search the site: it has no index')
  const { default: json } = await import(pathToFileURL(join(CHUNKS, name)).href)
  return MiniSearch.loadJSON(json, {
    fields: ['title', 'titles', 'text'],
    storeFields: ['title', 'titles'],
    searchOptions: {
      prefix: true,
      boost: { title: 4, text: 2, titles: 1 },
      ...asInThePage(SEARCH_OPTIONS),
    },
  })
}

const index = await loadIndex()
for (const [words, page] of SEARCHES) {
  const [first] = index.search(words)
  const found = first?.id.replace(/(\.html)?(#.*)?$/, '')
  if (found === page) continue
  console.error(`Cannot find "${words}": the first hit is ${first?.id}, expected ${page}`)
  process.exitCode = 1
}
