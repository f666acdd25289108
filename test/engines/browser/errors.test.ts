import { describe, expect, it } from 'vitest'
import { MessagesLostError } from '../../../src/engines/browser/errors.ts'

describe('MessagesLostError', () => {
  it('MessagesLostError has a name and a code that survive a minifier', () => {
    expect(new MessagesLostError()).toMatchObject({
      name: 'MessagesLostError',
      code: 'TOWPATH_MESSAGES_LOST',
    })
  })
})
