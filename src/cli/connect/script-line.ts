/**
 * The lines of an interactive session: text to send, or a command that begins with a slash.
 */

import { CloseReason, Frame } from '../../protocol/index.ts'
import { quoted } from '../arguments.ts'
import { UsageError } from '../exit-code.ts'
import { readUserFile } from '../wire/target-options.ts'

/** What one line asks for. */
export type Instruction =
  | { readonly type: 'send'; readonly frames: readonly Frame[] }
  | { readonly type: 'ping'; readonly payload: Uint8Array }
  | { readonly type: 'close'; readonly reason: CloseReason }
  | { readonly type: 'publish'; readonly topic: string; readonly event: unknown }
  | { readonly type: 'stats' }
  | { readonly type: 'help' }
  | { readonly type: 'nothing' }

/** The help of the interactive session. */
export const SCRIPT_HELP: readonly string[] = [
  'TEXT                 sends a text message; //TEXT sends one that begins with a slash',
  '/binary HEX|@FILE    sends a binary message',
  '/fragment N TEXT     sends a text message in fragments of N characters',
  '/ping [TEXT]         sends a ping and shows the round-trip time',
  '/publish TOPIC JSON  publishes to a topic, with --subscribe',
  '/stats               shows counts, round-trip time and extensions',
  '/close [CODE [TEXT]] closes the connection (Ctrl-D: with 1000)',
]

const MAX_PING_BYTES = 125

/**
 * Reads one line.
 *
 * @throws {UsageError} for an unknown command, or invalid arguments; nothing is then sent.
 */
export function readLine(line: string): Instruction {
  if (line.startsWith('//')) return text(line.slice(1))
  if (!line.startsWith('/')) return line === '' ? { type: 'nothing' } : text(line)
  const [, name = '', rest = ''] = /^\/(\S*)\s?(.*)$/su.exec(line) ?? []
  const read = COMMANDS.get(name)
  if (read !== undefined) return read(rest.trim())
  throw new UsageError(
    `Cannot run ${quoted(`/${name}`)}: unknown command, expected /help, or //TEXT to send a slash`,
  )
}

const COMMANDS: ReadonlyMap<string, (rest: string) => Instruction> = new Map<
  string,
  (rest: string) => Instruction
>([
  ['binary', (rest) => ({ type: 'send', frames: [new Frame.Binary(readBinary(rest))] })],
  ['fragment', readFragments],
  ['ping', readPing],
  ['close', readClose],
  ['publish', readPublish],
  ['stats', () => ({ type: 'stats' })],
  ['help', () => ({ type: 'help' })],
])

function text(line: string): Instruction {
  return { type: 'send', frames: [new Frame.Text(line)] }
}

function readBinary(rest: string): Uint8Array {
  if (rest.startsWith('@')) return readUserFile(rest.slice(1))
  const digits = rest.replaceAll(/\s/g, '')
  if (digits.length % 2 === 0 && /^[0-9a-f]*$/i.test(digits)) return Buffer.from(digits, 'hex')
  throw new UsageError('Cannot run /binary: the bytes are not hex, expected 01ff or @FILE')
}

/** Cuts between characters, so that each fragment is readable by itself. */
function readFragments(rest: string): Instruction {
  const [, size = '', whole = ''] = /^(\d+) (.+)$/su.exec(rest) ?? []
  const length = Number(size)
  if (!(length >= 1)) {
    throw new UsageError('Cannot run /fragment: expected a number of characters and a text')
  }
  const characters = Array.from(whole)
  const count = Math.ceil(characters.length / length)
  const frames = Array.from({ length: count }, (_, index) => {
    const part = characters.slice(index * length, (index + 1) * length).join('')
    return new Frame.Text(part, { fin: index === count - 1 })
  })
  return { type: 'send', frames }
}

function readPing(rest: string): Instruction {
  const payload = new TextEncoder().encode(rest)
  if (payload.length <= MAX_PING_BYTES) return { type: 'ping', payload }
  throw new UsageError(
    `Cannot run /ping: the text has ${payload.length} bytes, expected at most ${MAX_PING_BYTES}`,
  )
}

function readClose(rest: string): Instruction {
  const [, digits = '1000', message = ''] = /^(\d+)?\s*(.*)$/su.exec(rest) ?? []
  const code = Number(digits)
  const mayBeSent =
    (code >= 1000 && code <= 1003) ||
    (code >= 1007 && code <= 1014) ||
    (code >= 3000 && code <= 4999)
  if (!mayBeSent || (rest !== '' && !/^\d/.test(rest))) {
    throw new UsageError('Cannot run /close: expected a code such as 1000 or 4001, then a text')
  }
  try {
    return { type: 'close', reason: new CloseReason(code, message) }
  } catch (cause) {
    const what = 'the text is too long, expected at most 123 bytes'
    throw new UsageError(`Cannot run /close: ${what}`, { cause })
  }
}

function readPublish(rest: string): Instruction {
  const [, topic = '', json = ''] = /^(\S+)\s+(.+)$/su.exec(rest) ?? []
  try {
    return { type: 'publish', topic, event: JSON.parse(json) as unknown }
  } catch (cause) {
    throw new UsageError('Cannot run /publish: expected a topic and JSON', { cause })
  }
}
