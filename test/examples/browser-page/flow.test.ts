import { Frame, WebSockets } from 'towpath'
import { withTestApplication } from 'towpath/testing'
import { describe, expect, it } from 'vitest'
import { flow } from '../../../examples/browser-page/flow.ts'

describe('the flow', () => {
  it('sends as much as is read, and ends with its page', () =>
    withTestApplication(async (t) => {
      t.application.install(WebSockets)
      t.application.routing((route) => route.webSocket('/flow', flow))
      const session = await t.connect('/flow')
      const numbers: number[] = []
      for (let n = 1; n <= 300; n++) {
        const frame = await session.incoming.receive()
        if (frame instanceof Frame.Text) numbers.push(Number(frame.readText().split(' ')[0]))
      }
      await session.close()
      session.incoming.cancel()

      expect(numbers).toEqual(Array.from({ length: 300 }, (_, index) => index + 1))
      expect((await session.closed).clean).toBe(true)
    }))
})
