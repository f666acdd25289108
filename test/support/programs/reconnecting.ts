/**
 * A client of a server that is not there, for tests: it tries as often as the JSON in its first
 * argument says, and has nothing else to live for. What happens is told as lines of JSON.
 */

import { connect } from '../../../src/node-client.ts'

// Written by the test, as text of this shape.
const { url, maxAttempts } = JSON.parse(process.argv[2] ?? '{}') as {
  readonly url: string
  readonly maxAttempts: number
}

const connection = connect(url, { reconnect: { baseDelay: 50, jitter: 0, maxAttempts } })
for await (const { type } of connection.states()) {
  process.stdout.write(`${JSON.stringify({ event: type, pid: process.pid })}\n`)
}
