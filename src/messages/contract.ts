/**
 * A contract: the messages of both sides by name, with a schema for each.
 */

import type { StandardSchemaV1 } from '@standard-schema/spec'
import { type Check, checkOf, isStandardSchema } from '../schema/index.ts'
import { bytes } from './codec.ts'
import type {
  Contract,
  ContractShape,
  Entries,
  ErrorSchemas,
  EventEntry,
  RequestEntry,
} from './contract-shape.ts'
import type { CheckedShape } from './json-types.ts'

/**
 * One entry, in the form that the link reads. Schemas have become functions: a page whose contract
 * has no schemas loads nothing that calls one.
 */
export interface CompiledEntry {
  readonly name: string
  readonly kind: 'event' | 'request'
  /** Checks the data of the event or of the request; `null`: no value. */
  readonly data: Check | null
  readonly response: Check | null
  readonly stream: Check | null
  readonly upload: Check | null
  /** Whether the items of the stream, or of the upload, are `bytes`. */
  readonly isBytes: { readonly stream: boolean; readonly upload: boolean }
  readonly errors: ReadonlyMap<string, Check | null>
  readonly idempotent: boolean
}

/**
 * The entries of each side. Maps and not objects: a name that a peer sends is looked up in them,
 * and `constructor` must be as unknown as any other.
 */
export type CompiledContract = Readonly<
  Record<'client' | 'server', ReadonlyMap<string, CompiledEntry>>
>

// RFC 9110 §5.6.2.
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** `null`: a contract of `contractOf`, whose entries are not known here. */
const COMPILED = new WeakMap<Contract, CompiledContract | null>()

/**
 * Checks a contract and gives it its subprotocols.
 *
 * @throws {TypeError} for a name that is not a token or begins with `.`, and for an entry that is
 *   neither an event nor a request, or both.
 *
 * @example
 * ```ts
 * import { defineContract } from 'towpath/messages'
 * import { z } from 'zod'
 *
 * const chat = defineContract({
 *   name: 'chat',
 *   version: 2,
 *   client: { say: { event: z.object({ text: z.string() }) } },
 *   server: { said: { event: z.object({ from: z.string(), text: z.string() }) } },
 * })
 * ```
 */
export function defineContract<const C extends ContractShape>(
  shape: C & CheckedShape<C>,
): Contract<C> {
  const {
    name,
    version,
    codecs = ['json'],
    errors = {},
    client = {},
    server = {},
  }: ContractShape = shape
  requireToken('the name', name)
  if (version !== undefined && !(Number.isSafeInteger(version) && version >= 0)) {
    fail(`version is ${String(version)}, expected a whole number of 0 or above`)
  }
  if (codecs.length === 0) fail('codecs is empty, expected names such as "json"')
  for (const codec of codecs) requireToken('a codec', codec)
  const common = readErrors('errors', errors)

  const base = version === undefined ? name : `${name}.${version}`
  const contract: Contract<C> = {
    shape,
    protocols: codecs.map((codec) => `${base}+${codec}`),
  }
  COMPILED.set(contract, {
    client: compile('client', client, common),
    server: compile('server', server, common),
  })
  return contract
}

/**
 * Names a contract of which this program has the types alone: a page then loads no schema and no
 * schema library. Names and values are checked by the compiler here, and by the server at run
 * time.
 *
 * @param protocol one of the contract's subprotocols: `chat.2+json`.
 *
 * @example
 * <!-- prelude
 * import { defineContract, prepare, typed, contractOf, type TypedSession } from 'towpath/messages'
 * import { openWebSocket } from 'towpath/client'
 * import type { Route } from 'towpath'
 * import { z } from 'zod'
 * const chat = defineContract({
 *   name: 'chat',
 *   client: { say: { event: z.object({ text: z.string() }) } },
 *   server: { said: { event: z.object({ from: z.string(), text: z.string() }) } },
 * })
 * declare const url: string
 * -->
 * ```ts
 * // chat comes by `import type { chat } from './contract.js'`
 * const session = await openWebSocket(url, { protocols: ['chat+json'] })
 * const { send } = typed(session, contractOf<typeof chat>('chat+json'))
 * await send('say', { text: 'hello' })
 * ```
 */
export function contractOf<C extends Contract>(protocol: string): C {
  requireToken('the subprotocol', protocol)
  const contract = { shape: { name: protocol }, protocols: [protocol] }
  COMPILED.set(contract, null)
  return contract as unknown as C // of its shape, the caller has the types alone
}

/**
 * Returns the entries of `contract`; `null` for one of `contractOf`.
 *
 * @throws {TypeError} for anything that neither function made.
 */
export function compiledOf(act: string, contract: Contract): CompiledContract | null {
  const compiled = COMPILED.get(contract)
  if (compiled !== undefined) return compiled
  throw new TypeError(
    `Cannot ${act}: the contract is unknown, expected one of defineContract() or contractOf()`,
  )
}

function compile(
  side: 'client' | 'server',
  entries: Entries,
  common: ReadonlyMap<string, Check | null>,
): Map<string, CompiledEntry> {
  return new Map(
    Object.entries(entries).map(([name, entry]) => {
      const place = `${side}.${name}`
      requireToken(place, name)
      if (name.startsWith('.')) fail(`${place} begins with ".", which is kept for Towpath`)
      return [name, compileEntry(place, name, entry, common)]
    }),
  )
}

function compileEntry(
  place: string,
  name: string,
  entry: EventEntry | RequestEntry,
  common: ReadonlyMap<string, Check | null>,
): CompiledEntry {
  const isEvent = 'event' in entry
  const request: Partial<RequestEntry> = 'request' in entry ? entry : {}
  if (isEvent === 'request' in entry) {
    fail(
      `${place} is ${isEvent ? 'both an event and a request' : 'neither an event nor a request'}`,
    )
  }
  if (isEvent && ['response', 'stream', 'upload', 'errors'].some((key) => key in entry)) {
    fail(`${place} is an event with an answer, expected a request`)
  }
  const own = readErrors(`${place}.errors`, request.errors ?? {})
  return {
    name,
    kind: isEvent ? 'event' : 'request',
    data: isEvent
      ? readSchema(`${place}.event`, entry.event)
      : readOptional(`${place}.request`, request.request),
    response: readOptional(`${place}.response`, request.response),
    stream: readOptional(`${place}.stream`, request.stream),
    upload: readOptional(`${place}.upload`, request.upload),
    isBytes: { stream: request.stream === bytes, upload: request.upload === bytes },
    errors: new Map([...common, ...own]),
    idempotent: request.idempotent === true,
  }
}

function readErrors(place: string, errors: ErrorSchemas): Map<string, Check | null> {
  return new Map(
    Object.entries(errors).map(([code, schema]) => [
      code,
      readOptional(`${place}.${code}`, schema),
    ]),
  )
}

function readOptional(place: string, schema: StandardSchemaV1 | null | undefined): Check | null {
  return schema === null || schema === undefined ? null : readSchema(place, schema)
}

function readSchema(place: string, schema: StandardSchemaV1): Check {
  if (isStandardSchema(schema)) return checkOf(schema)
  fail(`${place} is not a schema, expected one that implements Standard Schema 1`)
}

function requireToken(place: string, name: string): void {
  if (typeof name !== 'string' || !TOKEN.test(name)) {
    fail(`${place} is no token (RFC 9110 §5.6.2), expected letters, digits and punctuation`)
  }
}

function fail(why: string): never {
  throw new TypeError(`Cannot define a contract: ${why}`)
}
