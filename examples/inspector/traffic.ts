/**
 * Clients that give the inspector something to show: some talk, some listen, some read slowly, and
 * some leave.
 */

import { CloseReason, openWebSocket } from 'towpath/client'

const SYMBOLS = ['tow', 'path', 'lock', 'barge']

/** Listens to a topic until the server goes. */
export async function listen(url: string, number: number): Promise<void> {
  const session = await openWebSocket(`${url}/prices/${SYMBOLS[number % SYMBOLS.length]}`)
  await session.incoming.consumeEach(() => {})
}

/** Sends more than the handler reads. */
export async function flood(url: string): Promise<void> {
  const session = await openWebSocket(`${url}/slow`)
  while (!session.signal.aborted) {
    void session.send('x'.repeat(4000))
    await session.delay(100)
  }
}

/** One visit of the echo: some messages, and a close. */
export async function visit(url: string, messages: number, code: number): Promise<void> {
  await using session = await openWebSocket(`${url}/echo`)
  for (let count = 0; count < messages; count++) {
    await session.send('x'.repeat(1 + Math.floor(Math.random() * 3000)))
    await session.incoming.receive()
    await session.delay(50)
  }
  await session.close(new CloseReason(code))
  await session.closed
}

/** A session that fails, and an upgrade that is refused. */
export async function fail(url: string): Promise<void> {
  const session = await openWebSocket(`${url}/broken`)
  await session.closed
  await openWebSocket(`${url}/echo`, { origin: 'https://elsewhere.example' }).catch(() => {
    // That is the point.
  })
}
