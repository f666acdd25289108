/**
 * A contract as an AsyncAPI 3 document, for clients in other languages and for documentation.
 */

import type { StandardSchemaV1 } from '@standard-schema/spec'
import { bytes } from '../messages/index.ts'
import type {
  Contract,
  Entries,
  ErrorSchemas,
  EventEntry,
  RequestEntry,
} from '../messages/index.ts'
import { type JsonSchema, jsonSchemaOf, mayBeAbsent } from './json-schema.ts'
import { SharedSchemas } from './schema-references.ts'

/** What the document says beside the contract. */
export interface AsyncApiFacts {
  /** The name of the API. */
  readonly title: string
  /** The version of the API, which need not be that of the contract. */
  readonly version: string
  /** The path of the route: `/rooms/{room}`. */
  readonly address: string
  /** Where the API is served, by name. */
  readonly servers?: Readonly<
    Record<string, { readonly host: string; readonly protocol: 'ws' | 'wss' }>
  >
}

/** A reference to another part of the document. */
export interface Reference {
  readonly $ref: string
}

/** A message, as AsyncAPI describes it. */
export interface AsyncApiMessage {
  readonly name: string
  readonly summary: string
  readonly contentType: string
  readonly payload: JsonSchema
  readonly correlationId?: { readonly location: string }
}

/** An operation of the server: it receives what the client sends. */
export interface AsyncApiOperation {
  readonly action: 'receive' | 'send'
  readonly summary: string
  readonly channel: Reference
  readonly messages: readonly Reference[]
  readonly reply?: { readonly channel: Reference; readonly messages: readonly Reference[] }
}

/** The document: plain JSON. */
export interface AsyncApiDocument {
  readonly asyncapi: '3.0.0'
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly defaultContentType: string
  readonly servers?: AsyncApiFacts['servers']
  readonly channels: {
    readonly session: {
      readonly address: string
      readonly messages: Readonly<Record<string, AsyncApiMessage>>
      readonly bindings: { readonly ws: Readonly<Record<string, unknown>> }
    }
  }
  readonly operations: Readonly<Record<string, AsyncApiOperation>>
  /** What schemas refer to: recursive ones, and those with an id. */
  readonly components?: { readonly schemas: Readonly<Record<string, JsonSchema>> }
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  json: 'application/json',
  msgpack: 'application/msgpack',
  cbor: 'application/cbor',
}

const CHANNEL: Reference = { $ref: '#/channels/session' }
const ID: JsonSchema = {
  type: 'integer',
  minimum: 1,
  maximum: 2 ** 32 - 1,
  description: 'Odd for requests of the client, even for requests of the server; growing.',
}
const BUILTIN_FAILURES = ['INVALID', 'UNKNOWN', 'BUSY', 'CANCELLED', 'TIMEOUT', 'FAILED']

const DESCRIPTION = [
  'One message is one WebSocket frame. `type` names an event or a request; names that begin with',
  '"." belong to the protocol. A request has an `id` that is greater than all before of its side,',
  'and is answered with `.response` or `.error` of the same id. A stream is answered with `.item`',
  'messages and `.end`. An upload is sent as `.item` messages and `.end`, with the id of its',
  'request. Items may be sent while there is credit: `credit` of the request, and the `items` of',
  'each `.credit` message. `.cancel` gives a request up. Messages of an unknown name are ignored.',
].join(' ')

/**
 * Describes `contract`. The same contract always gives the same document.
 *
 * @throws {TypeError} for a schema that does not convert to JSON Schema, with the path of its
 *   entry.
 */
export function asyncApi(contract: Contract, about: AsyncApiFacts): AsyncApiDocument {
  const { shape, protocols } = contract
  const { title, version, address, servers } = about
  const [protocol = ''] = protocols
  const codec = protocol.slice(protocol.lastIndexOf('+') + 1)
  const writer = new Writer(CONTENT_TYPES[codec] ?? 'application/octet-stream', shape.errors ?? {})
  writer.addSide('client', shape.client ?? {})
  writer.addSide('server', shape.server ?? {})
  writer.addProtocol()
  const subprotocol = { type: 'string', enum: [...protocols] }
  return {
    asyncapi: '3.0.0',
    info: { title, version, description: DESCRIPTION },
    defaultContentType: writer.contentType,
    ...(servers === undefined ? {} : { servers }),
    channels: {
      session: {
        address,
        messages: writer.messages,
        bindings: {
          ws: {
            method: 'GET',
            headers: {
              type: 'object',
              required: ['Sec-WebSocket-Protocol'],
              properties: { 'Sec-WebSocket-Protocol': subprotocol },
            },
            bindingVersion: '0.1.0',
          },
        },
      },
    },
    operations: writer.operations,
    ...(Object.keys(writer.shared.schemas).length === 0
      ? {}
      : { components: { schemas: writer.shared.schemas } }),
  }
}

type Side = 'client' | 'server'

/** Collects messages and operations. */
class Writer {
  readonly contentType: string
  readonly messages: Record<string, AsyncApiMessage> = {}
  readonly operations: Record<string, AsyncApiOperation> = {}
  readonly shared = new SharedSchemas()
  readonly #errors: ErrorSchemas

  constructor(contentType: string, errors: ErrorSchemas) {
    this.contentType = contentType
    this.#errors = errors
  }

  addSide(side: Side, entries: Entries): void {
    for (const [name, entry] of Object.entries(entries)) {
      if ('event' in entry) this.#addEvent(side, name, entry)
      else this.#addRequest(side, name, entry)
    }
  }

  /** The messages that belong to no entry. */
  addProtocol(): void {
    const credit = this.#message('credit', 'More items of a stream or an upload may be sent.', {
      type: { const: '.credit' },
      id: ID,
      items: { type: 'integer', minimum: 1 },
    })
    const cancel = this.#message('cancel', 'A request is not wanted any more.', {
      type: { const: '.cancel' },
      id: ID,
    })
    for (const action of ['receive', 'send'] as const) {
      const summary = `The protocol messages that the server ${action}s.`
      const messages = [credit, cancel]
      this.operations[`${action}.protocol`] = { action, summary, channel: CHANNEL, messages }
    }
  }

  #addEvent(side: Side, name: string, { event }: EventEntry): void {
    const summary = `The ${side} sends the event "${name}".`
    const data = this.#schema(`${side}.${name}.event`, event, side)
    const message = this.#message(
      `${side}.${name}`,
      summary,
      { type: { const: name }, data },
      optionalData(event, side),
    )
    this.operations[`${side}.${name}`] = {
      action: actionOf(side),
      summary,
      channel: CHANNEL,
      messages: [message],
    }
  }

  #addRequest(side: Side, name: string, entry: RequestEntry): void {
    const place = `${side}.${name}`
    const summary = `The ${side} asks "${name}".`
    const request = this.#message(
      place,
      summary,
      {
        type: { const: name },
        id: ID,
        ...this.#data(`${place}.request`, entry.request, side),
        timeout: { type: 'integer', minimum: 0, description: 'Time left, in milliseconds.' },
        ...(entry.stream === undefined ? {} : { credit: { type: 'integer', minimum: 0 } }),
      },
      ['timeout', 'credit', ...optionalData(entry.request, side)],
    )
    const messages = [request]
    if (entry.upload !== undefined) {
      messages.push(this.#item(`${place}.upload`, entry.upload, side))
      const end = { type: { const: '.end' }, id: ID }
      messages.push(this.#message(`${place}.upload.end`, `The upload of "${name}" is over.`, end))
    }
    this.operations[place] = {
      action: actionOf(side),
      summary,
      channel: CHANNEL,
      messages,
      reply: { channel: CHANNEL, messages: this.#reply(place, entry, otherSide(side)) },
    }
  }

  #reply(place: string, entry: RequestEntry, side: Side): Reference[] {
    const { stream, response, errors = {} } = entry
    const messages: Reference[] = []
    if (stream !== undefined) messages.push(this.#item(`${place}.stream`, stream, side))
    const last = stream === undefined ? '.response' : '.end'
    messages.push(
      this.#message(
        `${place}${last}`,
        `The answer to "${place}".`,
        {
          type: { const: last },
          id: ID,
          ...this.#data(`${place}.response`, response, side),
        },
        optionalData(response, side),
      ),
    )
    for (const [code, schema] of Object.entries({ ...this.#errors, ...errors })) {
      const error = `${place}.error.${code}`
      messages.push(
        this.#message(
          error,
          `"${place}" has failed with ${code}.`,
          {
            type: { const: '.error' },
            id: ID,
            code: { const: code },
            ...this.#data(`${place}.errors.${code}`, schema, side),
          },
          optionalData(schema, side),
        ),
      )
    }
    messages.push(this.#builtinFailure(place))
    return messages
  }

  #builtinFailure(place: string): Reference {
    const issue = {
      type: 'object',
      required: ['path', 'message'],
      properties: {
        path: { type: 'array', items: { type: ['string', 'integer'] } },
        message: { type: 'string' },
      },
    }
    return this.#message(
      `${place}.error`,
      `"${place}" has failed with a failure of the protocol.`,
      {
        type: { const: '.error' },
        id: ID,
        code: { enum: BUILTIN_FAILURES },
        issues: { type: 'array', maxItems: 10, items: issue },
      },
      ['issues'],
    )
  }

  #item(place: string, schema: StandardSchemaV1, side: Side): Reference {
    if (schema === bytes && this.contentType === 'application/json') {
      this.messages[place] = {
        name: place,
        summary: `Bytes of "${place}": a binary frame of the id (4 bytes, big-endian) and the payload.`,
        contentType: 'application/octet-stream',
        payload: { type: 'string', format: 'binary' },
      }
      return { $ref: `#/channels/session/messages/${escape(place)}` }
    }
    const data = schema === bytes ? {} : this.#schema(place, schema, side)
    const properties = { type: { const: '.item' }, id: ID, data }
    return this.#message(place, `An item of "${place}".`, properties, optionalData(schema, side))
  }

  #data(
    place: string,
    schema: StandardSchemaV1 | null | undefined,
    side: Side,
  ): { readonly data?: JsonSchema } {
    if (schema === null || schema === undefined) return {}
    return { data: this.#schema(place, schema, side) }
  }

  #schema(place: string, schema: StandardSchemaV1, side: Side): JsonSchema {
    const converted = jsonSchemaOf(place, schema, directionOf(side))
    return this.shared.embed(place, converted)
  }

  #message(
    name: string,
    summary: string,
    properties: Readonly<Record<string, JsonSchema>>,
    optional: readonly string[] = [],
  ): Reference {
    this.messages[name] = {
      name,
      summary,
      contentType: this.contentType,
      payload: {
        type: 'object',
        required: Object.keys(properties).filter((key) => !optional.includes(key)),
        properties,
      },
      ...('id' in properties ? { correlationId: { location: '$message.payload#/id' } } : {}),
    }
    return { $ref: `#/channels/session/messages/${escape(name)}` }
  }
}

function actionOf(side: Side): 'receive' | 'send' {
  return side === 'client' ? 'receive' : 'send'
}

/** What a client sends is the input of its schema, what a server sends the output. */
function directionOf(side: Side): 'input' | 'output' {
  return side === 'client' ? 'input' : 'output'
}

/** The data of a message is absent where it is `undefined`. */
function optionalData(schema: StandardSchemaV1 | null | undefined, side: Side): readonly string[] {
  return schema && mayBeAbsent(schema, directionOf(side)) ? ['data'] : []
}

function otherSide(side: Side): Side {
  return side === 'client' ? 'server' : 'client'
}

/** A key in a JSON Pointer (RFC 6901 §3), as the fragment of a URI. */
function escape(key: string): string {
  return encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'))
}
