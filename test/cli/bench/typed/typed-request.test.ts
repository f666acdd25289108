import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { loadTypedRequest } from '../../../../src/cli/bench/typed/typed-request.ts'
import { bytes, defineContract } from '../../../../src/messages/index.ts'
import { chat, packed } from '../../../support/bench-contracts.ts'

const FILE = 'contract.mjs'

function loading(module: object | Error, options: object = {}): Promise<unknown> {
  const all = { file: FILE, contractName: null, request: 'ping', payloads: [], ...options }
  return loadTypedRequest(all, () =>
    module instanceof Error ? Promise.reject(module) : Promise.resolve(module),
  )
}

describe('loadTypedRequest()', () => {
  it('loads the contract of a module, with the names that --contract and --request give', async () => {
    const file = fileURLToPath(new URL('../../../support/bench-contracts.ts', import.meta.url))
    const payloads = [{ room: 'lock' }, { room: 'quay' }]
    const request = await loadTypedRequest({
      file,
      contractName: 'chat',
      request: 'history',
      payloads,
    })

    expect(request).toMatchObject({ protocol: 'chat.2+json', name: 'history', payloads })
  })

  it('takes a contract that another copy of the package has defined', async () => {
    const foreign = { shape: chat.shape, protocols: chat.protocols }
    const request = (await loading({ chat: foreign })) as { contract: object }

    expect(request).toMatchObject({ protocol: 'chat.2+json', payloads: [undefined] })
    expect(request.contract).not.toBe(foreign)
  })

  it('takes one contract that is exported twice, and no other value', async () => {
    await expect(loading({ chat, default: chat, name: 'x', none: null })).resolves.toBeDefined()
  })

  it.each([
    [{}, {}, 'it exports no contract'],
    [{ chat, packed }, {}, 'it exports chat, packed, expected --contract'],
    [{ chat }, { contractName: 'feed' }, 'exports no contract "feed", expected chat'],
    [{ packed }, {}, 'expected json among them'],
    [{ chat: { shape: { name: 'a b' }, protocols: [] } }, {}, 'the name is no token'],
    [{ chat }, { request: 'none' }, '"none" is not in the contract, expected history, ping, count'],
    [{ chat }, { request: 'toString' }, '"toString" is not in the contract'],
    [{ chat }, { request: 'say' }, '"say" is an event'],
    [{ chat }, { request: 'count' }, '"count" has a stream, expected a request with one answer'],
    [
      { up: defineContract({ name: 'up', client: { put: { request: null, upload: bytes } } }) },
      { request: 'put' },
      '"put" has an upload',
    ],
    [{ chat }, { payloads: [1] }, 'the request "ping" has no value'],
    [{ chat }, { request: 'history' }, 'expected --payload with its value'],
    [
      { chat },
      { request: 'history', payloads: [{ room: 'lock' }, { room: '' }] },
      'it does not match the schema of "history" at "room"',
    ],
    [
      { chat },
      { request: 'history', payloads: ['x'] },
      'it does not match the schema of "history":',
    ],
    [new Error('Bad \u001b[2J\nsecond line'), {}, 'Cannot load "contract.mjs": Bad \\x1b[2J'],
  ])('ends with one sentence for %o and %j', async (module, options, text) => {
    const failing = loading(module, options)

    await expect(failing).rejects.toMatchObject({ name: 'UsageError' })
    await expect(failing).rejects.toThrow(text)
  })

  it('names the way out where Node cannot run TypeScript', async () => {
    const error = Object.assign(new TypeError('Unknown'), { code: 'ERR_UNKNOWN_FILE_EXTENSION' })

    await expect(loading(error)).rejects.toThrow(
      /does not run it, expected a \.js or \.mjs file, or .* on Node 22\.18 or later$/,
    )
  })
})
