/**
 * A page that the user leaves and comes back to: a connection that comes back, and a session that
 * does not.
 */

import { connect, openWebSocket } from '../../../src/browser-client.ts'

/** The globals of a page, as far as they are used: Node's types know none of them. */
interface Scope {
  readonly location: { readonly host: string; readonly search: string }
  addEventListener(type: 'pageshow', listener: (event: { persisted: boolean }) => void): void
  page: unknown
}

const scope = globalThis as unknown as Scope
const options = { webSocketStream: scope.location.search.endsWith('WebSocketStream') }
const url = `ws://${scope.location.host}/stays`

let wasKept = false
let code: number | null = null

const connection = connect(url, {
  ...options,
  opened: ({ send }) => send(wasKept ? `kept ${code}` : 'new'),
})
const session = openWebSocket(url, options)
void session.then(async ({ closed }) => (code = (await closed).reason.code))
scope.addEventListener('pageshow', ({ persisted }) => (wasKept = persisted))

/** What the test asks for. */
scope.page = {
  opened: async () => {
    await connection.whenOpen()
    await session
  },
}
