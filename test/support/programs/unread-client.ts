/**
 * A client whose only session is held back, because it reads nothing, for tests: it says when the
 * session is over.
 */

import { openWebSocket } from '../../../src/node-client.ts'

// Written by the test, as text of this shape.
const { url } = JSON.parse(process.argv[2] ?? '{}') as { readonly url: string }

const session = await openWebSocket(url)
await session.closed
process.stdout.write(`${JSON.stringify({ event: 'closed', pid: process.pid })}\n`)
