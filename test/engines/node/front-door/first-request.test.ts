import { expect, it } from 'vitest'

import { asksForUpgrade } from '../../../../src/engines/node/front-door/first-request.ts'

it.each([
  [true, ['Upgrade', 'websocket', 'Connection', 'Upgrade']],
  [true, ['upgrade', 'WebSocket', 'connection', 'keep-alive, upgrade']],
  [false, ['Upgrade', 'h2c', 'Connection', 'Upgrade']],
  [false, ['Upgrade', 'websocket']],
  [false, ['Upgrade', 'websocket', 'Connection', 'close']],
  [false, ['Upgrade', 'websocket', 'Connection', 'Upgrade', 'Expect', '100-continue']],
])('asksForUpgrade() is %s for %j', (expected, rawHeaders) => {
  expect(asksForUpgrade(rawHeaders)).toBe(expected)
})
