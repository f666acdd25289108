import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { type Codec, json } from '../../src/messages/codec.ts'
import { defineContract } from '../../src/messages/contract.ts'
import { InvalidMessageError } from '../../src/messages/errors.ts'
import { prepare } from '../../src/messages/prepare.ts'
import { typed } from '../../src/messages/typed.ts'
import type { TypedOptions } from '../../src/messages/typed-session.ts'
import { WebSockets } from 'towpath'
import { withTestApplication } from 'towpath/testing'

const check = vi.fn((text: string) => text.length > 0)
const chat = defineContract({
  name: 'chat',
  client: { say: { event: z.string() } },
  server: {
    said: { event: z.object({ text: z.string().refine(check) }) },
    slow: { event: z.string().refine((text) => Promise.resolve(text !== '')) },
  },
})

describe('prepare()', () => {
  it('M-28 validates and encodes once for a thousand sessions', async () => {
    const encode = vi.fn((value: unknown) => json.encode(value))
    const codec: Codec = { ...json, encode }
    const options: TypedOptions = { codecs: [codec] }
    await withTestApplication(async (t) => {
      t.application.install(WebSockets)
      const members: Array<{ trySend: (message: ReturnType<typeof said>) => string }> = []
      t.application.routing((route) => {
        route.webSocket('/', { protocols: chat.protocols }, async (session) => {
          members.push(typed(session, chat, options))
          await session.closed
        })
      })
      const clients = await Promise.all(
        Array.from({ length: 1000 }, () => t.connect('/', { protocols: chat.protocols })),
      )
      check.mockClear()

      const message = said('hello')
      for (const { trySend } of members) expect(trySend(message)).toBe('sent')

      const frames = await Promise.all(clients.map(({ incoming }) => incoming.receive()))
      expect(new Set(frames.map(String)).size).toBe(1)
      expect(check).toHaveBeenCalledTimes(1)
      expect(encode).toHaveBeenCalledTimes(1)
    })
  })

  it('throws InvalidMessageError for invalid data', () => {
    expect(() => said('')).toThrow(InvalidMessageError)
  })

  it('throws TypeError for a name that is no event of the server', () => {
    expect(() => prepare(chat, 'say' as 'said', { text: 'a' })).toThrow(
      'no event "say" of the server',
    )
  })

  it('throws TypeError for a schema that validates asynchronously', () => {
    expect(() => prepare(chat, 'slow', 'a')).toThrow(
      'validates asynchronously, expected a synchronous schema',
    )
  })

  it('is refused by a session of another contract', async () => {
    const other = defineContract({ name: 'chat', server: { said: { event: z.any() } } })
    await withTestApplication(async (t) => {
      t.application.install(WebSockets)
      t.application.routing((route) => {
        route.webSocket('/', { protocols: other.protocols }, (session) => {
          const { trySend } = typed(session, other)
          expect(() => trySend(said('a') as never)).toThrow('prepared for another contract')
        })
      })
      const session = await t.connect('/', { protocols: other.protocols })
      await session.closed
    })
  })
})

function said(text: string) {
  return prepare(chat, 'said', { text })
}
