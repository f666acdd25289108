/**
 * `npx tsx examples/chat-bot/bot.ts [url]`: runs the bot in a room of the chat, until Ctrl-C.
 *
 * `url` is the room. The default is the lobby of the chat that `npm start` serves.
 */

import { ConnectionLostError, createWebSocketClient } from 'towpath/client'
import { RequestFailedError } from 'towpath/messages'
import { chatBot, describeSetback } from './chat-bot.ts'

const LOBBY = 'ws://127.0.0.1:8080/chat/rooms/lobby'

await main(process.argv[2] ?? LOBBY)

async function main(url: string): Promise<void> {
  const stop = new AbortController()
  // Once: a second signal ends the process without the closing handshake.
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

/** @throws any error that is neither a refusal of the chat nor an invalid URL. */
function explain(error: unknown): string {
  if (error instanceof RequestFailedError) {
    return error.failure === 'NAME_TAKEN'
      ? 'Somebody in the room has the name of the bot'
      : `The chat does not understand the bot (${error.failure})`
  }
  if (error instanceof ConnectionLostError) return describeSetback(error.setback)
  if (error instanceof TypeError) return error.message
  throw error
}

function tell(sentence: string): void {
  process.stderr.write(`${sentence}\n`)
}
