/**
 * Clients that give the metrics something to show: they talk, leave and are refused.
 */

import { CloseReason, openWebSocket } from 'towpath/client'

/** One visit of the echo: sends `messages` messages, and closes with `code`. */
export async function visit(url: string, messages: number, code: number): Promise<void> {
  await using session = await openWebSocket(`${url}/echo`)
  for (let count = 0; count < messages; count++) {
    await session.send('x'.repeat(1 + Math.floor(Math.random() * 2000)))
    await session.incoming.receive()
  }
  await session.close(new CloseReason(code))
  await session.closed
}

/** Follows the price of a share and publishes the first one. Resolves when it has come back. */
export async function trade(url: string, share: string): Promise<{ tell(price: number): void }> {
  const session = await openWebSocket(`${url}/prices/${share}`)
  await session.send('100.00')
  await session.incoming.receive()
  void session.incoming.consumeEach(() => {})
  return { tell: (price) => void session.send(price.toFixed(2)) }
}

/** One request that is no valid upgrade, which counts as refused. */
export async function knock(url: string): Promise<void> {
  await openWebSocket(`${url}/echo`, { origin: 'https://elsewhere.example' }).catch(() => {
    // That is the point.
  })
}
