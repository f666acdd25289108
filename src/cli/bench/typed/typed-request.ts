/**
 * The request that `bench --typed` sends: from a contract in a module of the user.
 */

import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

import { type Contract, type ContractShape, defineContract } from '../../../messages/index.ts'
import { checkOf } from '../../../schema/index.ts'
import { quoted } from '../../arguments.ts'
import { UsageError } from '../../exit-code.ts'
import { printable } from '../../printable.ts'
import type { TypedOptions } from './typed-options.ts'

/** A request that can be sent. */
export interface TypedRequest {
  /** Without what the server sends by itself. */
  readonly contract: Contract
  /** The subprotocol to offer. */
  readonly protocol: string
  readonly name: string
  /** What is sent, in turn. Valid by the schema of the request. */
  readonly payloads: readonly unknown[]
}

/** Loads a module. */
export type LoadModule = (url: string) => Promise<object>

const loadModule: LoadModule = (url) => import(url) as Promise<object> // each module is an object

/**
 * Loads the contract, and checks that the request is one of its requests.
 *
 * @throws {UsageError} (by rejecting) if the file cannot be loaded, has no such contract, or the
 *   contract has no such request; and for a payload that is invalid.
 */
export async function loadTypedRequest(
  { file, contractName, request, payloads }: TypedOptions,
  load: LoadModule = loadModule,
): Promise<TypedRequest> {
  const contract = ownContract(file, findContract(file, await loadFile(file, load), contractName))
  const protocol = contract.protocols.find((each) => each.endsWith('+json'))
  if (protocol === undefined) {
    throw new UsageError(
      `Cannot use the contract of ${quoted(file)}: its codecs are others, expected json among them`,
    )
  }
  const schema = requestSchema(contract, request)
  if (schema === null) {
    if (payloads.length > 0) {
      throw new UsageError(`Cannot use --payload: the request ${quoted(request)} has no value`)
    }
    return { contract, protocol, name: request, payloads: [undefined] }
  }
  if (payloads.length === 0) {
    throw new UsageError(`Cannot send ${quoted(request)}: expected --payload with its value`)
  }
  const check = checkOf(schema)
  for (const payload of payloads) {
    const { issues } = await check(payload)
    const [issue] = issues ?? []
    if (issue === undefined) continue
    const place = issue.path.length === 0 ? '' : ` at ${quoted(issue.path.join('.'))}`
    throw new UsageError(
      `Cannot use --payload: it does not match the schema of ${quoted(request)}${place}: ${printable(issue.message)}`,
    )
  }
  return { contract, protocol, name: request, payloads }
}

async function loadFile(file: string, load: LoadModule): Promise<object> {
  try {
    return await load(pathToFileURL(resolve(file)).href)
  } catch (cause) {
    throw new UsageError(`Cannot load ${quoted(file)}: ${whyNotLoaded(cause)}`, { cause })
  }
}

/** Codes of Node for a TypeScript file that it cannot run. */
const NO_TYPESCRIPT: readonly unknown[] = [
  'ERR_UNKNOWN_FILE_EXTENSION',
  'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX',
  'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING',
]

function whyNotLoaded(cause: unknown): string {
  if (!(cause instanceof Error)) return 'its module throws'
  if ('code' in cause && NO_TYPESCRIPT.includes(cause.code)) {
    return `Node ${process.versions.node} does not run it, expected a .js or .mjs file, or TypeScript without other syntax than types on Node 22.18 or later`
  }
  const [line = ''] = cause.message.split('\n')
  return printable(line)
}

function findContract(file: string, module: object, name: string | null): Contract {
  const found = Object.entries(module).filter((entry): entry is [string, Contract] =>
    isContract(entry[1]),
  )
  const names = found.map(([each]) => each).join(', ')
  if (found.length === 0) {
    throw new UsageError(
      `Cannot use ${quoted(file)}: it exports no contract, expected one of defineContract()`,
    )
  }
  if (name === null) {
    // A module may export one contract by name and as its default.
    const [first, ...rest] = new Set(found.map(([, contract]) => contract))
    if (first !== undefined && rest.length === 0) return first
    throw new UsageError(
      `Cannot choose a contract of ${quoted(file)}: it exports ${printable(names)}, expected --contract with one of them`,
    )
  }
  const chosen = found.find(([each]) => each === name)
  if (chosen !== undefined) return chosen[1]
  throw new UsageError(
    `Cannot use --contract: ${quoted(file)} exports no contract ${quoted(name)}, expected ${printable(names)}`,
  )
}

/** By its form: the module may use another copy of this package. */
function isContract(value: unknown): value is Contract {
  if (typeof value !== 'object' || value === null) return false
  if (!('shape' in value) || !('protocols' in value) || !Array.isArray(value.protocols))
    return false
  const { shape } = value
  return typeof shape === 'object' && shape !== null && 'name' in shape
}

/** What the client sends, as this copy of the package knows it. */
function ownContract(file: string, { shape }: Contract): Contract {
  try {
    return defineContract({ ...shape, server: {} })
  } catch (cause) {
    const why = cause instanceof Error ? printable(cause.message) : ''
    throw new UsageError(`Cannot use the contract of ${quoted(file)}: ${why}`, { cause })
  }
}

function requestSchema(
  { shape }: Contract<ContractShape>,
  name: string,
): Parameters<typeof checkOf>[0] | null {
  const entries = new Map(Object.entries(shape.client ?? {}))
  const entry = entries.get(name)
  if (entry !== undefined && 'request' in entry) {
    const other = (['stream', 'upload'] as const).find((part) => (entry[part] ?? null) !== null)
    if (other === undefined) return entry.request
    const part = other === 'stream' ? 'a stream' : 'an upload'
    throw new UsageError(
      `Cannot use --request: ${quoted(name)} has ${part}, expected a request with one answer`,
    )
  }
  const requests = [...entries].filter(([, each]) => 'request' in each).map(([each]) => each)
  const what = entry === undefined ? 'not in the contract' : 'an event'
  const expected = requests.length === 0 ? 'a contract with a request' : requests.join(', ')
  throw new UsageError(
    `Cannot use --request: ${quoted(name)} is ${what}, expected ${printable(expected)}`,
  )
}
