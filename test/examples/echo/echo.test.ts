/**
 * The echo, in memory.
 */

import { CloseReason, Frame } from 'towpath'
import { withTestApplication } from 'towpath/testing'
import { describe, expect, it } from 'vitest'
import { examples } from '../../../examples/app.ts'

function textOf(frame: Frame): string | null {
  return frame instanceof Frame.Text ? frame.readText() : null
}

describe('echo()', () => {
  it('echo() says what it was told', async () => {
    await withTestApplication(examples, async (t) => {
      const { incoming, send } = await t.connect('/echo/socket')

      await send('Hello')
      await send('')

      expect(textOf(await incoming.receive())).toBe('YOU SAID: Hello')
      expect(textOf(await incoming.receive())).toBe('YOU SAID: ')
    })
  })

  it('echo() sends bytes back as they are', async () => {
    await withTestApplication(examples, async (t) => {
      const { incoming, send } = await t.connect('/echo/socket')

      await send(Uint8Array.of(0, 255, 127))

      const frame = await incoming.receive()
      expect(frame).toBeInstanceOf(Frame.Binary)
      expect([...frame.buffer]).toEqual([0, 255, 127])
    })
  })

  it('echo() closes with 1000 after it has answered "bye", in any case', async () => {
    await withTestApplication(examples, async (t) => {
      const { incoming, send, closeReason } = await t.connect('/echo/socket')

      await send('BYE')

      expect(textOf(await incoming.receive())).toBe('YOU SAID: BYE')
      expect(await closeReason).toEqual(new CloseReason(1000, 'Client said BYE'))
    })
  })
})
