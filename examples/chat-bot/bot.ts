/**
 * `npx tsx examples/chat-bot/bot.ts [url]`: puts the bot into a room of the chat, until Ctrl-C.
 *
 * `url` is the room; without it the lobby of the chat that `npm start` serves.
 */

import { ConnectionLostError, createWebSocketClient } from 'towpath/client'
import { chatBot, describeSetback } from './chat-bot.ts'

const LOBBY = 'ws://127.0.0.1:8080/chat/rooms/lobby'

await main(process.argv[2] ?? LOBBY)

async function main(url: string): Promise<void> {
  const stop = new AbortController()
  // Once: who asks a second time does not want to wait for the closing handshake.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop.abort())
  try {
    await chatBot(createWebSocketClient(), {
      url,
      name: 'Lock keeper',
      signal: stop.signal,
      tell,
      now: Date.now,
    })
  } catch (error) {
    tell(explain(error))
    process.exitCode = 1
  }
}

/** @throws what is no answer of the chat's and no mistake in the URL. */
function explain(error: unknown): string {
  if (error instanceof ConnectionLostError) return describeSetback(error.setback)
  if (error instanceof TypeError) return error.message
  throw error
}

function tell(sentence: string): void {
  process.stderr.write(`${sentence}\n`)
}
