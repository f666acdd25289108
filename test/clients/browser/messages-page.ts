/**
 * What runs in the page of the tests of typed messages: one program on `towpath/client` and
 * `towpath/messages`, without any schema.
 */

import { openWebSocket } from '../../../src/browser-client.ts'
import { contractOf, typed } from '../../../src/messages/index.ts'
import type { chatContract } from '../../suites/messages/schemas.ts'

type Chat = ReturnType<typeof chatContract>

/** Sends, asks, streams and uploads. @returns what it has seen. */
async function exercise(url: string): Promise<Record<string, unknown>> {
  await using session = await openWebSocket(url, { protocols: ['chat.2+json'] })
  const { send, incoming, request, requestCatching, stream, serve } = typed(
    session,
    contractOf<Chat>('chat.2+json'),
  )
  const seen: Record<string, unknown> = {}

  await send('say', { text: 'hello' })
  seen['event'] = (await incoming.receive()).data
  seen['response'] = await request('history', { room: 'a' })
  seen['failure'] = await requestCatching('history', { room: 'none' })
  const watching = stream('watch', { room: 'abc' })
  let count = 0
  for await (const { n } of watching) count += n
  seen['stream'] = [count, await watching.result]
  seen['upload'] = await request('load', undefined, { upload: [{ n: 1 }, { n: 2 }] })
  const parts: number[][] = []
  for await (const part of stream('file', undefined)) parts.push([...part])
  seen['bytes'] = parts
  seen['store'] = await request('store', undefined, { upload: [new Uint8Array(70_000)] })

  // A handler in the page, which the server asks while it handles an event.
  const asked = new Promise((resolve) => {
    void serve({
      said: () => {},
      ask: ({ text }) => {
        resolve(text)
        return { text: `${text}!` }
      },
    })
  })
  await send('say', { text: 'ask me' })
  seen['asked'] = await asked
  return seen
}

/** Sends what the server finds invalid. @returns the code and the message that it closes with. */
async function breakRules(url: string): Promise<readonly [code: number, message: string]> {
  const session = await openWebSocket(url, { protocols: ['chat.2+json'] })
  const { send } = typed(session, contractOf<Chat>('chat.2+json'))
  await send('say', { text: 1 } as never)
  const { code, message } = await session.closeReason
  return [code, message]
}

/** Is sent what no session can understand. @returns the code that the page closes with. */
async function isBroken(url: string): Promise<number> {
  const session = await openWebSocket(url, { protocols: ['chat.2+json'] })
  typed(session, contractOf<Chat>('chat.2+json'))
  return (await session.closeReason).code
}

Object.assign(globalThis, { page: { exercise, breakRules, isBroken } })
