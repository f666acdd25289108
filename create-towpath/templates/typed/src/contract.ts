import { defineContract } from 'towpath/messages'
import { z } from 'zod'

const said = z.object({ from: z.string(), text: z.string() })

/** The messages of the chat. The server and its clients import this file. */
export const chat = defineContract({
  name: 'chat',
  version: 1,
  errors: { NAME_TAKEN: z.object({ name: z.string() }) },
  // What clients send.
  client: {
    join: {
      request: z.object({ name: z.string().min(1).max(30) }),
      response: z.object({ members: z.array(z.string()), history: z.array(said) }),
    },
    say: { event: z.object({ text: z.string().min(1).max(500) }) },
  },
  // What the server sends.
  server: {
    said: { event: said },
  },
})
