/**
 * Writes and reads messages of the binary encoding, for both ends. Portable: no `Buffer`.
 */

import { decodeEnvelope, jsonTextOf } from '../kind/envelope.ts'
import { ByteReader, ByteWriter, MalformedBytesError, toUtf8 } from '../kind/numbers.ts'
import type { FieldKind, Layout } from './binary-layouts.ts'

type Fields = Readonly<Record<string, unknown>>

/** How many entries a list of a message has at most. */
const MAX_ENTRIES = 10_000

/** An event that is still in its envelope. */
export interface EnvelopedEvent {
  readonly offset: number
  readonly envelope: Uint8Array
}

// `from` as a byte.
const NOW = 0
const START = 1
const LAST = 2
const POSITION = 3
const POSITION_AND_AWAY = 4

/** Writes the kinds of fields that only one end sends. A page needs no fields of the server. */
type WriteField = (writer: ByteWriter, kind: FieldKind, value: unknown, message: Fields) => void
/** Reads the kinds of fields that only one end sends. */
type ReadField = (reader: ByteReader, kind: FieldKind, parse: ParseJson) => unknown

/** Reads a JSON text. @throws {SyntaxError} */
export type ParseJson = (text: string) => unknown

/** @returns `null` if `type` has no layout. Otherwise fresh memory. */
export function encodeBinary(layouts: readonly Layout[], message: Fields): Uint8Array | null {
  return encodeWith(layouts, message, (writer, kind, value) => {
    writeClientField(writer, kind, value, message)
    writeServerField(writer, kind, value)
  })
}

/**
 * @param parse reads JSON: a server limits its depth.
 * @returns the fields, not checked further. `null` for a type that has no layout.
 * @throws {RangeError | SyntaxError | TypeError} for bytes that are no message.
 */
export function decodeBinary(
  layouts: readonly Layout[],
  bytes: Uint8Array,
  parse: ParseJson = JSON.parse,
): Fields | null {
  return decodeWith(layouts, bytes, parse, (reader, kind) =>
    kind === 'events' || kind === 'envelope'
      ? readServerField(reader, kind, parse)
      : readClientField(reader, kind, parse),
  )
}

/** As `encodeBinary`, with the fields of one end. */
export function encodeWith(
  layouts: readonly Layout[],
  message: Fields,
  writeField: WriteField,
): Uint8Array | null {
  const index = layouts.findIndex(([type]) => type === message['type'])
  const layout = layouts[index]
  if (layout === undefined) return null
  const writer = new ByteWriter().byte(index + 1)
  for (const [name, kind] of Object.entries(layout[1])) {
    write(writer, kind, message[name], message, writeField)
  }
  return writer.finish()
}

/** As `decodeBinary`, with the fields of one end. */
export function decodeWith(
  layouts: readonly Layout[],
  bytes: Uint8Array,
  parse: ParseJson,
  readField: ReadField,
): Fields | null {
  const reader = new ByteReader(bytes)
  const layout = layouts[reader.byte() - 1]
  if (layout === undefined) return null
  const message: Record<string, unknown> = { type: layout[0] }
  for (const [name, kind] of Object.entries(layout[1])) {
    const value = read(reader, kind, parse, readField)
    // The data of an event is a field of its own name: `data` or `bytes`.
    if (kind === 'data' || kind === 'envelope') Object.assign(message, value)
    else message[name] = value
  }
  return message
}

/** Writes a field that only clients send. */
export function writeClientField(
  writer: ByteWriter,
  kind: FieldKind,
  value: unknown,
  message: Fields,
): void {
  if (kind === 'place') writeFrom(writer, value)
  if (kind === 'topics') writeTopics(writer, value as readonly Fields[])
  if (kind === 'data') writeData(writer, message)
}

function writeServerField(writer: ByteWriter, kind: FieldKind, value: unknown): void {
  if (kind === 'flag') writer.byte(value === true ? 1 : 0)
  if (kind === 'events') writeEvents(writer, value as readonly EnvelopedEvent[])
  if (kind === 'envelope') writer.bytes(value as Uint8Array)
}

/** Reads a field that only servers send. */
export function readServerField(reader: ByteReader, kind: FieldKind, parse: ParseJson): unknown {
  if (kind === 'envelope') return readEvent(reader.rest(), parse)
  return readList(reader, () => ({
    offset: reader.number(),
    ...readEvent(reader.block(), parse),
  }))
}

function readClientField(reader: ByteReader, kind: FieldKind, parse: ParseJson): unknown {
  if (kind === 'place') return readFrom(reader)
  if (kind === 'topics') {
    return readList(reader, () => ({ topic: reader.text(), from: readFrom(reader) }))
  }
  return reader.byte() === 1
    ? { bytes: reader.rest().slice() }
    : { data: parse(jsonTextOf(reader.rest())) }
}

/** The layout says of what type a value is: both ends check their messages before. */
function write(
  writer: ByteWriter,
  kind: FieldKind,
  value: unknown,
  message: Fields,
  writeField: WriteField,
): void {
  switch (kind) {
    case 'number':
      writer.number(value as number)
      return
    case 'number?':
      writer.number(typeof value === 'number' ? value + 1 : 0)
      return
    case 'text':
      writer.text(value as string)
      return
    case 'text?':
      writeText(writer, value as string | null | undefined)
      return
    case 'json':
      writer.text(JSON.stringify(value ?? null))
      return
    default:
      writeField(writer, kind, value, message)
  }
}

function read(
  reader: ByteReader,
  kind: FieldKind,
  parse: ParseJson,
  readField: ReadField,
): unknown {
  switch (kind) {
    case 'number':
      return reader.number()
    case 'number?': {
      const value = reader.number()
      return value === 0 ? null : value - 1
    }
    case 'text':
      return reader.text()
    case 'text?':
      return readText(reader)
    case 'flag':
      return reader.byte() === 1
    case 'json':
      return parse(reader.text())
    default:
      return readField(reader, kind, parse)
  }
}

function writeText(writer: ByteWriter, value: string | null | undefined): void {
  if (value === null || value === undefined) {
    writer.byte(0)
    return
  }
  const bytes = toUtf8(value)
  writer.number(bytes.length + 1).bytes(bytes)
}

function readText(reader: ByteReader): string | null {
  const length = reader.number()
  return length === 0 ? null : reader.text(length - 1)
}

function writeFrom(writer: ByteWriter, from: unknown): void {
  if (from === 'now' || from === 'start') {
    writer.byte(from === 'now' ? NOW : START)
    return
  }
  const { last, epoch, offset, away } = from as Fields
  if (typeof last === 'number') {
    writer.byte(LAST).number(last)
    return
  }
  writer.byte(away === undefined ? POSITION : POSITION_AND_AWAY)
  writer.text(epoch as string).number(offset as number)
  if (away !== undefined) writer.number(Math.floor(away as number))
}

/** @returns `null` for an unknown byte: no place to begin. */
function readFrom(reader: ByteReader): unknown {
  const tag = reader.byte()
  if (tag === NOW) return 'now'
  if (tag === START) return 'start'
  if (tag === LAST) return { last: reader.number() }
  if (tag !== POSITION && tag !== POSITION_AND_AWAY) return null
  const position = { epoch: reader.text(), offset: reader.number() }
  return tag === POSITION ? position : { ...position, away: reader.number() }
}

function writeTopics(writer: ByteWriter, topics: readonly Fields[]): void {
  writer.number(topics.length)
  for (const topic of topics) {
    writer.text(topic['topic'] as string)
    writeFrom(writer, topic['from'] ?? topic)
  }
}

function writeData(writer: ByteWriter, { data, bytes }: Fields): void {
  if (bytes instanceof Uint8Array) writer.byte(1).bytes(bytes)
  else writer.byte(0).bytes(toUtf8(JSON.stringify(data)))
}

function writeEvents(writer: ByteWriter, events: readonly EnvelopedEvent[]): void {
  writer.number(events.length)
  for (const { offset, envelope } of events) writer.number(offset).block(envelope)
}

function readEvent(bytes: Uint8Array, parse: ParseJson): object {
  const { at, key, publisher, isBinary, data } = decodeEnvelope(bytes)
  const fields = { at, key, publisher }
  return isBinary
    ? { ...fields, bytes: data.slice() }
    : { ...fields, data: parse(jsonTextOf(data)) }
}

/** Grows with the bytes that are there, whatever the announced length. */
function readList<T>(reader: ByteReader, readOne: () => T): T[] {
  const list: T[] = []
  const count = reader.number()
  if (count > MAX_ENTRIES) throw new MalformedBytesError('Cannot read a list: it is too large')
  while (list.length < count) list.push(readOne())
  return list
}
