/**
 * The messages of the chat's page, read as if an attacker had written them.
 */

import { describe, expect, it } from 'vitest'
import {
  InvalidMessageError,
  foldName,
  parseClientMessage,
  parseRoomName,
} from '../../../examples/chat/messages.ts'

const KEY = '0123456789abcdef'

function join(name: unknown): string {
  return JSON.stringify({ type: 'join', name, key: KEY })
}

function say(text: unknown): string {
  return JSON.stringify({ type: 'say', ref: 'ref-0001', text })
}

describe('parseClientMessage()', () => {
  it('parseClientMessage() reads join', () => {
    expect(parseClientMessage(join('Ada'))).toEqual({ type: 'join', name: 'Ada', key: KEY })
  })

  it('parseClientMessage() reads say', () => {
    expect(parseClientMessage(say('Hi'))).toEqual({ type: 'say', ref: 'ref-0001', text: 'Hi' })
  })

  it.each([
    ['spaces around and inside', '  Grace   Hopper ', 'Grace Hopper'],
    ['a decomposed letter', 'Toma\u0301s', 'Tom\u00e1s'],
    ['other scripts', 'مريم', 'مريم'],
    ['an apostrophe and a hyphen', "Anne-Marie O'Neil", "Anne-Marie O'Neil"],
    ['24 characters', 'a'.repeat(24), 'a'.repeat(24)],
  ])('parseClientMessage() brings a name with %s into one spelling', (_, name, expected) => {
    expect(parseClientMessage(join(name))).toMatchObject({ name: expected })
  })

  it.each([
    ['nothing in it', ''],
    ['only spaces', '   '],
    ['25 characters', 'a'.repeat(25)],
    ['markup', '<b>Ada</b>'],
    ['a line feed', 'Ada\nLovelace'],
    ['a right-to-left override', 'Ada\u202e'],
    ['a zero-width space', 'A\u200bda'],
    ['a combining mark in front', '\u0301Ada'],
    ['a lone surrogate', 'Ada\ud800'],
    ['the wrong type', 7],
    ['no value', undefined],
  ])('parseClientMessage() refuses a name with %s', (_, name) => {
    expect(() => parseClientMessage(join(name))).toThrow(InvalidMessageError)
  })

  it('parseClientMessage() keeps the lines and the markup of a text as characters', () => {
    const message = parseClientMessage(say(' <b>one</b>\r\ntwo\t&amp; 👋 '))

    expect(message).toMatchObject({ text: '<b>one</b>\ntwo\t&amp; 👋' })
  })

  it.each([
    ['nothing in it', ''],
    ['only white space', ' \n\t '],
    ['2001 characters', 'a'.repeat(2001)],
    ['a control character', 'a\u0000b'],
    ['an escape sequence', 'a\u001b[2J'],
    ['a lone surrogate', 'a\udc00'],
    ['the wrong type', ['a']],
  ])('parseClientMessage() refuses a text with %s', (_, text) => {
    expect(() => parseClientMessage(say(text))).toThrow(InvalidMessageError)
  })

  it.each([
    ['not JSON', 'join'],
    ['a string', '"join"'],
    ['null', 'null'],
    ['a list', '[{"type":"say"}]'],
    ['no type', '{}'],
    ['an unknown type', '{"type":"shout"}'],
    ['a type inherited from nowhere', '{"__proto__":{"type":"say"}}'],
    ['an unknown field', '{"type":"say","ref":"ref-0001","text":"Hi","at":1}'],
    ['the name in say', '{"type":"say","ref":"ref-0001","text":"Hi","name":"Bo"}'],
    ['a ref that is too short', '{"type":"say","ref":"r","text":"Hi"}'],
    ['a ref that is too long', `{"type":"say","ref":"${'r'.repeat(65)}","text":"Hi"}`],
    ['no key', '{"type":"join","name":"Ada"}'],
  ])('parseClientMessage() refuses %s', (_, json) => {
    expect(() => parseClientMessage(json)).toThrow(InvalidMessageError)
  })

  it('parseClientMessage() never repeats what it was sent', () => {
    let message = ''
    try {
      parseClientMessage('{"type":"secret"}')
    } catch (error) {
      message = String(error)
    }

    expect(message).toBe('InvalidMessageError: Cannot read message: unknown type')
  })
})

describe('parseRoomName()', () => {
  it.each([
    ['lobby', 'lobby'],
    ['Canal-Boats_2', 'canal-boats_2'],
    ['ÉCLUSE', 'écluse'],
    ['a'.repeat(32), 'a'.repeat(32)],
  ])('parseRoomName() lets %s in', (name, expected) => {
    expect(parseRoomName(name)).toBe(expected)
  })

  it.each(['', ' ', '-x', 'two words', 'a/b', '..', 'a'.repeat(33), '<b>', 'a\u0000'])(
    'parseRoomName() answers null for %j',
    (name) => {
      expect(parseRoomName(name)).toBeNull()
    },
  )
})

describe('foldName()', () => {
  it('foldName() makes names equal that look alike', () => {
    expect(foldName('ADA')).toBe(foldName('ada'))
    expect(foldName('Ａｄａ')).toBe(foldName('Ada'))
  })
})
