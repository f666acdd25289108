/** A client for the terminal: `npm run client -- ada`. */

import { createInterface } from 'node:readline'
import { connect } from 'towpath/client'
import { typedConnection } from 'towpath/messages'
import { chat } from './contract.ts'

const name = process.argv[2] ?? process.env['USER'] ?? 'ada'
const url = process.env['URL'] ?? 'ws://127.0.0.1:8080/chat'

// The connection comes back when it is lost. Each new session joins the chat again.
const connection = connect(url, { protocols: chat.protocols, whileAway: 'drop' })
const { request, send, incoming } = typedConnection(connection, chat)

const terminal = createInterface({ input: process.stdin })
terminal.on('line', (text) => void send('say', { text }))
terminal.on('close', () => void connection.close())

void showStates()
for await (const { data } of incoming) console.log(`${data.from}: ${data.text}`)

async function showStates(): Promise<void> {
  for await (const state of connection.states()) {
    if (state.type === 'waiting') console.log('· the connection was lost')
    if (state.type === 'open') await join()
  }
}

async function join(): Promise<void> {
  try {
    const { members, history } = await request('join', { name })
    for (const { from, text } of history) console.log(`${from}: ${text}`)
    console.log(`· you are ${name}; here are ${members.join(', ')}. Ctrl-D leaves.`)
  } catch (error) {
    console.error(`· cannot join: ${error instanceof Error ? error.message : String(error)}`)
  }
}
