/**
 * What the bot takes for a message of the chat's server.
 */

import { Frame } from 'towpath/client'
import { describe, expect, it } from 'vitest'
import { readServerMessage } from '../../../examples/chat-bot/server-messages.ts'

const SAID = { type: 'said', id: 1, ref: 'ref-0001', name: 'Ada', text: 'Hi', at: 0 }
const WELCOME = { type: 'welcome', name: 'Bot', epoch: 'one', members: ['Bot'], history: [SAID] }

describe('readServerMessage()', () => {
  it.each([
    WELCOME,
    SAID,
    { type: 'joined', name: 'Ada', at: 0 },
    { type: 'left', name: 'Ada', at: 0 },
  ])('readServerMessage() reads $type', (message) => {
    expect(readServerMessage(new Frame.Text(JSON.stringify(message)))).toEqual(message)
  })

  it.each([
    'hello',
    'null',
    '[]',
    '{}',
    '{"type":"joined"}',
    '{"type":"moved","name":"Ada","at":0}',
    JSON.stringify({ ...SAID, id: 1.5 }),
    JSON.stringify({ ...SAID, text: 7 }),
    JSON.stringify({ ...WELCOME, epoch: 1 }),
    JSON.stringify({ ...WELCOME, members: ['Bot', 1] }),
    JSON.stringify({ ...WELCOME, history: [{ ...SAID, type: 'joined' }] }),
    JSON.stringify({ ...WELCOME, history: {} }),
  ])('readServerMessage() ignores %s', (json) => {
    expect(readServerMessage(new Frame.Text(json))).toBeNull()
  })

  it('readServerMessage() ignores bytes', () => {
    expect(readServerMessage(new Frame.Binary(new Uint8Array(3)))).toBeNull()
  })
})
