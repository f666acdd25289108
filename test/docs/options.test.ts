/**
 * The tables of options in `docs/`, against the tables in `src/`: every row names an option and its
 * default, and a page that shows all options of a table leaves none out.
 */

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { ROUTE_OPTIONS } from '../../src/application/routing/route-scope.ts'
import { PLUGIN_OPTIONS } from '../../src/application/sessions/websockets-plugin.ts'
import { CLIENT_OPTIONS } from '../../src/client/opening/client-options.ts'
import { RECONNECT_OPTIONS } from '../../src/client/reconnecting/reconnect-options.ts'
import { NODE_OPTIONS } from '../../src/engines/node/dialing/client-options.ts'
import { HTTP2_OPTIONS } from '../../src/engines/node/http2/http2-options.ts'
import { SERVER_OPTIONS } from '../../src/engines/node/server/embedded-options.ts'
import { DEFLATE_OPTIONS } from '../../src/extensions/deflate-options.ts'
import { CompressionBudget } from '../../src/extensions/index.ts'
import { SESSION_OPTIONS } from '../../src/session/internal.ts'
import { TOPICS_OPTIONS } from '../../src/topics/topics-options.ts'

const SESSION: Readonly<Record<string, unknown>> = { ...SESSION_OPTIONS.defaults }
const SERVER = { ...SESSION, ...ROUTE_OPTIONS.defaults, ...PLUGIN_OPTIONS.defaults }

/**
 * Each table: its page, the start of its first header cell, the options, and what it leaves out.
 */
const TABLES: ReadonlyArray<{
  readonly page: string
  readonly header: string
  readonly defaults: Readonly<Record<string, unknown>>
  /** Options of these defaults that the table does not have, because another one does. */
  readonly without?: readonly string[]
}> = [
  {
    page: 'routing.md',
    header: '| option | default |',
    defaults: SERVER,
  },
  {
    page: 'limits.md',
    header: '| name | unit | default | the client gets |',
    defaults: { ...PLUGIN_OPTIONS.defaults },
    without: ['origins', 'extensions'],
  },
  {
    page: 'client.md',
    header: '| option | default |',
    // The options of the session have one row together: "as on the server".
    defaults: { ...CLIENT_OPTIONS.defaults, ...NODE_OPTIONS.defaults, masking: true },
  },
  {
    page: 'reconnecting.md',
    header: '| `reconnect: { … }` | default |',
    defaults: { ...RECONNECT_OPTIONS.defaults },
  },
  {
    page: 'server.md',
    header: '| option | default |',
    defaults: { ...SERVER_OPTIONS.defaults },
  },
  {
    page: 'http2.md',
    header: '| option of `http2` | default |',
    defaults: { ...HTTP2_OPTIONS.defaults },
  },
  {
    page: 'topics.md',
    header: '| option of topics | default |',
    defaults: { ...TOPICS_OPTIONS.defaults },
  },
  {
    page: 'compression.md',
    header: '| option | default |',
    defaults: { ...DEFLATE_OPTIONS.defaults },
  },
]

describe.each(TABLES)('docs/$page, "$header"', ({ page, header, defaults, without = [] }) => {
  const rows = rowsOf(page, header).filter(({ shown }) => shown !== 'as on the server')

  it('has a row for each option, and for nothing else', () => {
    const names = rows.map(({ name }) => name)

    expect([...names, ...without].sort()).toEqual(Object.keys(defaults).sort())
  })

  it('shows the defaults', () => {
    const wrong = rows.filter(({ name, shown }) => !isShown(shown, defaults[name]))

    expect(wrong).toEqual([])
  })
})

interface Row {
  readonly name: string
  /** The cell of the default, or this option's part of it. */
  readonly shown: string
}

/** The rows of the table below `header`. A cell may name several options, each with its default. */
function rowsOf(page: string, header: string): Row[] {
  const path = fileURLToPath(new URL(`../../docs/${page}`, import.meta.url))
  const lines = readFileSync(path, 'utf8').split('\n')
  const start = lines.findIndex((line) => line.startsWith(header))
  expect(start, `the table ${header} of ${page}`).toBeGreaterThan(-1)
  const column = cellsOf(lines[start] ?? '').indexOf('default')
  const rest = lines.slice(start + 2)
  const end = rest.findIndex((line) => !line.startsWith('|'))
  return rest.slice(0, end).flatMap((line) => {
    const cells = cellsOf(line)
    const names = [...(cells[0] ?? '').matchAll(/`(\w+)/g)].map(([, name = '']) => name)
    const shown = cells[column] ?? ''
    const parts = names.length > 1 && shown.includes(', ') ? shown.split(', ') : []
    return names.map((name, index) => ({ name, shown: parts[index] ?? shown }))
  })
}

function cellsOf(line: string): string[] {
  return line
    .split('|')
    .slice(1)
    .map((cell) => cell.trim())
}

const UNITS: Readonly<Record<string, number>> = {
  s: 1000,
  min: 60_000,
  KiB: 1024,
  MiB: 1024 * 1024,
  bytes: 1,
}

/** Whether a cell of a page says that `value` is the default. */
function isShown(cell: string, value: unknown): boolean {
  if (value === Infinity) return cell === '`Infinity`' || cell.startsWith('*off*')
  // Without a value something else holds, which the page says in words.
  if (value === null) return cell.startsWith('`null`') || /^[^\d`]/.test(cell)
  if (typeof value === 'number') return amountOf(cell) === value
  if (typeof value === 'string' || typeof value === 'boolean') {
    return cell === `\`${typeof value === 'string' ? `'${value}'` : value}\``
  }
  if (Array.isArray(value) && value.length === 0) return cell === 'none'
  if (value instanceof CompressionBudget) return amountOf(cell) === value.limit
  if (isChannels(value)) {
    const { capacity, maxBytes, onOverflow } = value.incoming
    return cell === `${capacity} frames and ${maxBytes / 1024 / 1024} MiB each, \`'${onOverflow}'\``
  }
  // An object or a function, which the page describes.
  return /^(see |Node's|–)/.test(cell)
}

/** `65 552`, `15 s` and `1 MiB` as numbers of items, milliseconds and bytes. */
function amountOf(cell: string): number {
  const [, digits = '', unit = ''] =
    /^([\d.]+(?: \d{3})*)(?: (s|min|KiB|MiB|bytes)\b)?/.exec(cell) ?? []
  return Number(digits.replaceAll(' ', '')) * (UNITS[unit] ?? 1)
}

function isChannels(value: unknown): value is typeof SESSION_OPTIONS.defaults.channels {
  return typeof value === 'object' && value !== null && 'incoming' in value
}
