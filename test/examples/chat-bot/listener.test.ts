/**
 * What the bot says to what it hears, across connections: its memory without a connection.
 */

import { describe, expect, it } from 'vitest'
import { Listener, type Say } from '../../../examples/chat-bot/listener.ts'
import type { Said, ServerMessage } from '../../../examples/chat/messages.ts'

const ME = 'Bot'

function welcome(epoch: string, members: string[], history: Said[] = []): ServerMessage {
  return { type: 'welcome', name: ME, epoch, members: [ME, ...members], history }
}

function said(id: number, name: string, text: string, ref = `ref-${1000 + id}`): Said {
  return { type: 'said', id, ref, name, text, at: 0 }
}

function joined(name: string): ServerMessage {
  return { type: 'joined', name, at: 0 }
}

/** A listener that answers what begins with `!`, in a room whose members it has seen. */
function listen(members: string[] = [], history: Said[] = []): Listener {
  const listener = new Listener((text) => (text.startsWith('!') ? `answer to ${text}` : null))
  expect(listener.hear(welcome('one', members, history))).toEqual([])
  return listener
}

function texts(says: readonly Say[]): string[] {
  return says.map(({ text }) => text)
}

describe('Listener', () => {
  it('Listener.hear() answers a question with a ref that is made of its number', () => {
    const listener = listen()

    expect(listener.hear(said(1, 'Ada', '!q'))).toEqual([
      { type: 'say', ref: 're-one-1', text: 'answer to !q' },
    ])
    expect(listener.hear(said(2, 'Ada', 'Thank you'))).toEqual([])
  })

  it('Listener.hear() never answers itself', () => {
    expect(listen().hear(said(1, ME, '!q'))).toEqual([])
  })

  it('Listener.hear() leaves alone what was said before the bot came, also after a reconnect', () => {
    const before = [said(7, 'Ada', '!q')]
    const listener = listen(['Ada'], before)

    expect(listener.hear(welcome('one', ['Ada'], before))).toEqual([])
  })

  it('Listener.hear() answers after a reconnect what the history has no answer to', () => {
    const listener = listen(['Ada'])
    listener.hear(said(1, 'Ada', '!answered'))
    listener.hear(said(3, 'Ada', '!lost'))
    const history = [
      said(1, 'Ada', '!answered'),
      said(2, ME, 'answer to !answered', 're-one-1'),
      said(3, 'Ada', '!lost'),
      said(4, 'Ada', '!missed'),
    ]

    expect(listener.hear(welcome('one', ['Ada'], history))).toEqual([
      { type: 'say', ref: 're-one-3', text: 'answer to !lost' },
      { type: 'say', ref: 're-one-4', text: 'answer to !missed' },
    ])
  })

  it('Listener.hear() answers after a restart of the server what was asked since', () => {
    const listener = listen(['Ada'], [said(7, 'Ada', '!q')])

    const says = listener.hear(welcome('two', ['Ada'], [said(1, 'Ada', '!q')]))

    expect(says).toEqual([{ type: 'say', ref: 're-two-1', text: 'answer to !q' }])
  })

  it('Listener.hear() greets a newcomer once, whatever the letters and however often they come', () => {
    const listener = listen(['Ada'])

    const says = ['Ada', 'Grace', 'GRACE'].flatMap((name) => listener.hear(joined(name)))
    listener.hear({ type: 'left', name: 'Grace', at: 0 })
    says.push(...listener.hear(joined('Grace')))
    says.push(...listener.hear(welcome('two', ['Ada', 'Grace'])))
    says.push(...listener.hear(joined('Ada')))

    expect(texts(says)).toEqual(['Hello, Grace! Say !help to see what I know.'])
    expect(says[0]?.ref).toMatch(/^[0-9A-Za-z-]{8,64}$/)
  })

  it('Listener.hear() greets after a reconnect those who came meanwhile', () => {
    const says = listen(['Ada']).hear(welcome('one', ['Ada', 'Grace']))

    expect(texts(says)).toEqual(['Hello, Grace! Say !help to see what I know.'])
  })

  it('Listener.hear() forgets the oldest of more than 1000 names', () => {
    const listener = listen(['Ada'])
    for (let n = 1; n <= 999; n += 1) listener.hear(joined(`Guest ${n}`))

    expect(listener.hear(joined('Ada'))).toEqual([])
    listener.hear(joined('Guest 1000'))
    expect(listener.hear(joined('Guest 2'))).toEqual([])
    expect(listener.hear(joined('Ada'))).toHaveLength(1)
  })
})
