/**
 * Makes a project: copies the files that all templates share, and those of one template.
 */

import { existsSync } from 'node:fs'
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { CreateError, printable } from './options.mjs'

/**
 * The templates. One that keeps its state in the memory of a process runs as one replica, until it
 * is given another place for it.
 */
export const TEMPLATES = {
  minimal: { about: 'one route and its test', replicas: 2 },
  chat: { about: 'rooms with history and presence, and a page', replicas: 1 },
  typed: { about: 'messages with schemas, and a client for the terminal', replicas: 1 },
  fastify: { about: 'a route of a Fastify application', replicas: 2 },
}

const SOURCES = fileURLToPath(new URL('templates/', import.meta.url))

/** The version of towpath that the templates were tested with. */
const TOWPATH = '^0.1.0'

/** npm leaves files of these names out of a package, so they are stored under other names. */
const RENAMED = { gitignore: '.gitignore', dockerignore: '.dockerignore' }

/** What a folder may hold and still count as empty. */
const IGNORED = new Set(['.git'])

/**
 * Makes the project in `folder`, a path relative to the current folder. Nothing outside of it is
 * changed, and no file is overwritten.
 *
 * @throws {CreateError} if the template is unknown, if the name of the folder makes no name of a
 *   package, and if the folder is not empty or cannot be written.
 */
export async function createProject({ folder, template, towpath = null }) {
  if (!Object.hasOwn(TEMPLATES, template)) {
    throw new CreateError(
      `Cannot use the template "${printable(template)}": it is unknown, ` +
        `expected ${Object.keys(TEMPLATES).join(', ')}`,
    )
  }
  const target = resolve(folder)
  const name = packageName(target)
  await expectEmpty(target, folder)
  const words = {
    __NAME__: name,
    __TOWPATH__: specifierOf(towpath, target),
    __LABEL__: kubernetesLabel(name),
    __REPLICAS__: String(TEMPLATES[template].replicas),
  }
  try {
    for (const source of ['shared', template]) await copy(join(SOURCES, source), target, words)
  } catch (error) {
    throw new CreateError(
      `Cannot write to "${printable(folder)}": ${error.code ?? error.message}`,
      {
        cause: error,
      },
    )
  }
}

/** Returns what to do next, for the terminal. */
export function nextSteps({ folder, template }) {
  const enter = resolve(folder) === process.cwd() ? '' : `  cd ${quoted(folder)}\n`
  return `Created ${printable(folder)} from the template ${template}. Next:

${enter}  npm install
  npm run dev      # the server, started again at each change
  npm test
`
}

function quoted(path) {
  return /^[\w./~-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`
}

/** The name of the package is that of the folder, as far as npm allows its characters. */
function packageName(target) {
  const name = basename(target)
    .toLowerCase()
    .replaceAll(/[^a-z0-9._~-]+/g, '-')
    .replaceAll(/^[._-]+|-+$/g, '')
  if (name === '' || name.length > 214) {
    throw new CreateError(
      `Cannot name a package after the folder "${printable(basename(target))}", ` +
        'expected letters, digits and dashes',
    )
  }
  return name
}

/**
 * Kubernetes takes fewer names than npm: at most 63 letters, digits and dashes, a letter first
 * (RFC 1035, for a Service).
 */
function kubernetesLabel(name) {
  const words = name.split(/[^a-z0-9]+/).filter((word) => word !== '')
  if (!/^[a-z]/.test(words[0] ?? '')) words.unshift('app')
  return words.join('-').slice(0, 63).replace(/-$/, '')
}

async function expectEmpty(target, folder) {
  let entries
  try {
    entries = await readdir(target)
  } catch (error) {
    if (error.code === 'ENOENT') return
    const why =
      error.code === 'ENOTDIR' ? 'it is not a folder' : `it cannot be read (${error.code})`
    throw new CreateError(`Cannot create a project in "${printable(folder)}": ${why}`)
  }
  if (entries.some((entry) => !IGNORED.has(entry))) {
    throw new CreateError(
      `Cannot create a project in "${printable(folder)}": the folder is not empty, ` +
        'expected a new or an empty one',
    )
  }
}

/** A path that exists becomes relative to the project; everything else is a version. */
function specifierOf(towpath, target) {
  if (towpath === null) return TOWPATH
  if (!existsSync(towpath)) return towpath
  return `file:${relative(target, resolve(towpath)).split(sep).join('/')}`
}

async function copy(from, to, words) {
  for (const entry of await readdir(from, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue
    const source = join(entry.parentPath, entry.name)
    const place = join(to, dirname(relative(from, source)), RENAMED[entry.name] ?? entry.name)
    let text = await readFile(source, 'utf8')
    for (const [word, value] of Object.entries(words)) text = text.replaceAll(word, value)
    await mkdir(dirname(place), { recursive: true })
    // Never over a file that has appeared meanwhile.
    await writeFile(place, text, { flag: 'wx' })
  }
}
