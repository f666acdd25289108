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

/** Reads less than the handler sends. */
export async function download(url: string): Promise<void> {
  const session = await openWebSocket(`${url}/downloads`)
  for await (const _ of session.incoming) await session.delay(500)
}

/** Sends more than the handler reads. */
export async function upload(url: string): Promise<void> {
  const session = await openWebSocket(`${url}/uploads`)
  while (!session.signal.aborted) {
    void session.send('x'.repeat(4000))
    await session.delay(100)
  }
}

/** One visit of the echo: some messages, and a close. */
export async function visit(url: string, messages: number, code: number): Promise<void> {
  await using session = await openWebSocket(`${url}/echo`, { protocols: ['echo.v1'] })
  for (let count = 0; count < messages; count++) {
    await session.send('x'.repeat(1 + Math.floor(Math.random() * 3000)))
    await session.incoming.receive()
    await session.delay(50)
  }
  await session.close(new CloseReason(code))
  await session.closed
}

/** A message that is too large, and an upgrade that is refused. */
export async function misbehave(url: string): Promise<void> {
  const session = await openWebSocket(`${url}/limited`)
  void session.send('x'.repeat(5000))
  await session.closed
  await openWebSocket(`${url}/echo`, { origin: 'https://elsewhere.example' }).catch(() => {
    // That is the point.
  })
}
