import { expect, it } from 'vitest'
import { incomplete, notDeflated, tooBig } from '../../src/extensions/inflate-errors.ts'

it('notDeflated() and incomplete() fail a session with 1007', () => {
  const cause = new Error('invalid block type')

  expect(notDeflated(cause)).toMatchObject({ closeCode: 1007, cause })
  expect(notDeflated()).not.toHaveProperty('cause')
  expect(incomplete()).toMatchObject({ closeCode: 1007 })
})

it('tooBig() fails a session with 1009 and says where it stopped', () => {
  expect(tooBig(101, 100)).toMatchObject({
    closeCode: 1009,
    size: 101,
    limit: 100,
    what: 'message',
  })
})
