/**
 * The messages of the chat's clients, as an attacker would write them.
 */

import { describe, expect, it } from 'vitest'
import { chat, roomName } from '../../../examples/chat/contract.ts'

const { enter, say } = chat.shape.client
const KEY = '0123456789abcdef'

describe('the contract of the chat', () => {
  it.each([
    ['spaces around and inside', '  Grace   Hopper ', 'Grace Hopper'],
    ['a decomposed letter', 'Toma\u0301s', 'Tom\u00e1s'],
    ['other scripts', 'مريم', 'مريم'],
    ['an apostrophe and a hyphen', "Anne-Marie O'Neil", "Anne-Marie O'Neil"],
    ['wide letters', 'Ａｄａ', 'Ada'],
    ['24 characters', 'a'.repeat(24), 'a'.repeat(24)],
  ])('brings a name with %s into one spelling', (_, name, expected) => {
    expect(enter.request.parse({ name, key: KEY }).name).toBe(expected)
  })

  it.each([
    ['nothing in it', ''],
    ['only spaces', '   '],
    ['25 characters', 'a'.repeat(25)],
    ['letters that become more than 24', '\ufdfa'.repeat(2)],
    ['markup', '<b>Ada</b>'],
    ['a line feed', 'Ada\nLovelace'],
    ['a right-to-left override', 'Ada\u202e'],
    ['a zero-width space', 'A\u200bda'],
    ['a combining mark in front', '\u0301Ada'],
    ['a lone surrogate', 'Ada\ud800'],
    ['the wrong type', 7],
    ['no value', undefined],
  ])('refuses a name with %s', (_, name) => {
    expect(enter.request.safeParse({ name, key: KEY }).success).toBe(false)
  })

  it('keeps the lines and the markup of a text as characters', () => {
    const { text } = say.request.parse({ ref: KEY, text: ' <b>one</b>\r\ntwo\t&amp; 👋 ' })

    expect(text).toBe('<b>one</b>\ntwo\t&amp; 👋')
  })

  it.each([
    ['nothing in it', ''],
    ['only white space', ' \n\t '],
    ['2001 characters', 'a'.repeat(2001)],
    ['a control character', 'a\u0000b'],
    ['an escape sequence', 'a\u001b[2J'],
    ['a lone surrogate', 'a\udc00'],
    ['the wrong type', ['a']],
  ])('refuses a text with %s', (_, text) => {
    expect(say.request.safeParse({ ref: KEY, text }).success).toBe(false)
  })

  it.each(['', 'r', 'r'.repeat(65), 'ref 0001', undefined])('refuses the ref %j', (ref) => {
    expect(say.request.safeParse({ ref, text: 'Hi' }).success).toBe(false)
  })

  it.each([
    ['lobby', 'lobby'],
    ['Canal-Boats_2', 'canal-boats_2'],
    ['ÉCLUSE', 'écluse'],
    ['E\u0301CLUSE', 'écluse'],
    ['a'.repeat(32), 'a'.repeat(32)],
  ])('lets room %s in', (name, expected) => {
    expect(roomName.parse(name)).toBe(expected)
  })

  it.each(['', ' ', '-x', 'two words', 'a/b', '..', 'a'.repeat(33), '<b>', 'a\u0000'])(
    'refuses room %j',
    (name) => {
      expect(roomName.safeParse(name).success).toBe(false)
    },
  )
})
