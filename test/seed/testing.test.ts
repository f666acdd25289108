/**
 * The page, "Testing": its example line by line.
 */

import { describe, expect, it } from 'vitest'
import {
  ClosedReceiveChannelError,
  CloseReason,
  Frame,
  milliseconds,
  minutes,
  seconds,
  WebSockets,
} from '../../src/index.ts'
import { withTestApplication } from '../../src/testing/index.ts'

describe('Testing', () => {
  it('S-45 S-46 S-47 S-48 S-49 S-50 S-52 testConversation', async () => {
    await withTestApplication(async (t) => {
      t.application.install(WebSockets)

      const received: string[] = []
      t.application.routing((route) => {
        route.webSocket('/echo', async ({ incoming, outgoing }) => {
          try {
            while (true) {
              const text = ((await incoming.receive()) as Frame.Text).readText()
              received.push(text)
              await outgoing.send(new Frame.Text(text))
            }
          } catch (e) {
            if (e instanceof ClosedReceiveChannelError) {
              // Do nothing!
            } else {
              throw e
            }
          }
        })
      })

      await t.handleWebSocketConversation('/echo', async (incoming, outgoing) => {
        const textMessages = ['HELLO', 'WORLD']
        for (const msg of textMessages) {
          await outgoing.send(new Frame.Text(msg))
          expect(((await incoming.receive()) as Frame.Text).readText()).toBe(msg)
        }
        expect(received).toEqual(textMessages)
      })
    })
  })

  it('fails when the example is broken: the block’s assertion reaches the test', async () => {
    const test = withTestApplication(async (t) => {
      t.application.install(WebSockets)
      t.application.routing((route) => {
        route.webSocket('/echo', ({ send }) => send('GOODBYE'))
      })
      await t.handleWebSocketConversation('/echo', async (incoming) => {
        expect(((await incoming.receive()) as Frame.Text).readText()).toBe('HELLO')
      })
    })

    await expect(test).rejects.toThrow("expected 'GOODBYE' to be 'HELLO'")
  })
})

describe('Types that the page uses', () => {
  it('S-51 CloseReason is compared by value and knows its reason', () => {
    const reason = new CloseReason(CloseReason.Codes.NORMAL, 'Client said BYE')

    expect(reason.equals(new CloseReason(1000, 'Client said BYE'))).toBe(true)
    expect(reason.equals(new CloseReason(1000, 'Client said HELLO'))).toBe(false)
    expect([reason.code, reason.message, reason.knownReason]).toEqual([
      1000,
      'Client said BYE',
      'NORMAL',
    ])
  })

  it('S-53 durations are milliseconds', () => {
    expect([milliseconds(5), seconds(60), minutes(2)]).toEqual([5, 60_000, 120_000])
  })
})
