/** A client for the terminal: `npm run client -- ada`. */

import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { connect } from 'towpath/client'
import { typedConnection } from 'towpath/messages'
import { chat } from './contract.ts'

const name = process.argv[2] ?? process.env['USER'] ?? 'ada'
const url = process.env['URL'] ?? 'ws://127.0.0.1:8080/chat'

// The connection comes back when it is lost. Each new session joins the chat again.
const connection = connect(url, { protocols: chat.protocols, whileAway: 'drop' })
// The server closes the session of a client that sends an invalid event. This client validates
// before it sends, so that `send` rejects instead.
const { requestCatching, send, incoming } = typedConnection(connection, chat, { validate: 'both' })

const terminal = createInterface({ input: process.stdin })
terminal.on('line', (text) => void say(text))
terminal.on('close', () => void connection.close())

void showStates()
for await (const { data } of incoming) console.log(`${data.from}: ${data.text}`)

async function say(text: string): Promise<void> {
  try {
    await send('say', { text })
  } catch (error) {
    console.error(`· cannot say that: ${error instanceof Error ? error.message : String(error)}`)
  }
}

async function showStates(): Promise<void> {
  for await (const state of connection.states()) {
    if (state.type === 'waiting') console.log('· there is no connection: trying again')
    if (state.type === 'open') await join()
  }
}

async function join(): Promise<void> {
  while (connection.state.type === 'open') {
    const joined = await requestCatching('join', { name })
    if (joined.type === 'value') {
      const { members, history } = joined.value
      for (const { from, text } of history) console.log(`${from}: ${text}`)
      console.log(`· you are ${name}; here are ${members.join(', ')}. Ctrl-D leaves.`)
      return
    }
    if (joined.failure !== 'NAME_TAKEN') {
      console.error(`· cannot join: ${joined.failure}`)
      return
    }
    // Another client has the name, or the server still has an earlier session of this one.
    console.error(`· the name ${name} is taken: trying again in 5 s. Ctrl-D leaves.`)
    await setTimeout(5000, undefined, { ref: false })
  }
}
