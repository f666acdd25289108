import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'

import {
  createSilentResponse,
  type SilentResponse,
} from '../../../../src/engines/node/upgrades/silent-response.ts'

const silent = (): SilentResponse => createSilentResponse(new IncomingMessage(new Socket()))

describe('createSilentResponse()', () => {
  it('keeps what is written, and writes nothing', async () => {
    const { response, ended, toResponse } = silent()
    const finished = once(response, 'finish')

    response.statusCode = 403
    response.setHeader('set-cookie', ['a=1', 'b=2'])
    response.write('6e', 'hex')
    response.end(new Uint8Array([111]))
    await ended
    await finished
    const answer = toResponse()

    expect(answer.status).toBe(403)
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    expect(await answer.text()).toBe('no')
    expect([response.headersSent, response.writableEnded, response.socket]).toEqual([
      true,
      true,
      null,
    ])
  })

  it.each<[string, readonly unknown[]]>([
    ['an object', [{ 'x-a': '1', 'x-b': ['2', '3'] }]],
    ['names and values in turn', [['x-a', '1', 'x-b', '2, 3']]],
    ['a phrase and an object', ['Phrase', { 'x-a': 1, 'x-b': '2, 3' }]],
  ])('takes the headers of writeHead as %s', (_form, rest) => {
    const { response, toResponse } = silent()

    const writeHead = response.writeHead.bind(response) as (...args: readonly unknown[]) => void
    writeHead(200, ...rest)
    response.end()

    expect([...toResponse().headers]).toEqual([
      ['x-a', '1'],
      ['x-b', '2, 3'],
    ])
  })

  it('works when the prototype of the response is replaced, as Express does', async () => {
    const { response, toResponse } = silent()
    Object.setPrototypeOf(response, Object.create(ServerResponse.prototype))

    response.end('text')

    expect(await toResponse().text()).toBe('text')
  })

  it('calls the callbacks of write and end', async () => {
    const { response } = silent()

    await new Promise<void>((resolve) => void response.write('a', () => resolve()))
    await new Promise<void>((resolve) => void response.end(() => resolve()))
  })

  it('ignores what comes after the end', async () => {
    const { response, toResponse } = silent()

    response.end('first')
    response.end('second')
    response.writeHead(500)

    expect([toResponse().status, await toResponse().text()]).toEqual([200, 'first'])
  })

  it('is an answer of 500 when it is destroyed before anything was said', () => {
    const { response, toResponse } = silent()

    response.destroy()

    expect(toResponse().status).toBe(500)
  })

  it('has no body for 204', () => {
    const { response, toResponse } = silent()

    response.writeHead(204).end('text')

    expect(toResponse().body).toBe(null)
  })
})
