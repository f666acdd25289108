/**
 * Contracts as a user has them in a module, for `towpath bench --typed`.
 */

import { defineContract } from 'towpath/messages'
import { z } from 'zod'

/** What the tests send. */
export const chat = defineContract({
  name: 'chat',
  version: 2,
  client: {
    say: { event: z.object({ text: z.string() }) },
    history: {
      request: z.object({ room: z.string().min(1) }),
      response: z.array(z.string()),
      errors: { NO_SUCH_ROOM: z.object({ room: z.string() }) },
    },
    ping: { request: null },
    count: { request: z.number(), stream: z.number() },
  },
  server: {
    said: { event: z.object({ text: z.string() }) },
    confirm: { request: null, response: z.boolean() },
  },
})

/** A contract without JSON. */
export const packed = defineContract({
  name: 'packed',
  codecs: ['msgpack'],
  client: { ping: { request: null } },
})

/** The same contract under another name: it is no second one. */
export { chat as sameChat }
