/**
 * The messages between the chat's server and its clients.
 *
 * The server validates what clients send with these schemas. The bot imports this file; the page
 * knows only the name of the subprotocol, `chat.1+json`.
 */

import { defineContract } from 'towpath/messages'
import { z } from 'zod'

/** Letters, digits and marks of any script; no control, format or bidirectional characters. */
const NAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N} ._'’-]*$/u
const ROOM_NAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}_-]*$/u
const TOKEN = /^[0-9A-Za-z-]{8,64}$/
/** Half a surrogate pair, or a control character other than a line feed and a tab. */
const UNPRINTABLE = /\p{Cs}|[^\P{Cc}\n\t]/u

/** The name of a room, in its one spelling. */
export const roomName = z.string().normalize('NFC').toLowerCase().max(32).regex(ROOM_NAME)

// NFKC: letters that look alike are one letter.
const name = z
  .string()
  .normalize('NFKC')
  .trim()
  .overwrite((text) => text.replaceAll(/ +/g, ' '))
  .min(1)
  .max(24)
  .regex(NAME, "A name has letters, digits and . _ - ' only")

const text = z
  .string()
  .overwrite((words) => words.replaceAll('\r\n', '\n'))
  .trim()
  .min(1)
  .max(2000)
  .refine((words) => !UNPRINTABLE.test(words), 'The text has characters that cannot be shown')

/** An event of a room, as its topic stores it. */
export const said = z.object({
  name: z.string(),
  text: z.string(),
  /** The client's own name for this message. */
  ref: z.string(),
})

/** "I have everything up to here": each item of `read` has one, and `read` continues after it. */
const position = z.object({ epoch: z.string(), offset: z.number().int().nonnegative() })

const reason = z.enum(['trimmed', 'expired', 'epoch', 'lagging', 'broker'])

export const chat = defineContract({
  name: 'chat',
  version: 1,
  errors: {
    /** Somebody else in the room has the name. */
    NAME_TAKEN: null,
    /** `enter` comes first, and once in each session. */
    OUT_OF_TURN: null,
  },
  client: {
    /**
     * Enters the room, and streams who is there, for as long as the session lasts. `key` is a
     * secret of the client: with it, a client that reconnects takes its old place.
     */
    enter: {
      request: z.object({ name, key: z.string().regex(TOKEN) }),
      stream: z.discriminatedUnion('type', [
        z.object({ type: z.literal('members'), names: z.array(z.string()), count: z.number() }),
        z.object({ type: z.literal('joined'), name: z.string() }),
        z.object({ type: z.literal('left'), name: z.string() }),
        z.object({ type: z.literal('count'), count: z.number() }),
      ]),
    },
    /** Streams what is said after a position; `null`: the last messages, and all that follow. */
    read: {
      request: z.object({ after: position.nullable() }),
      stream: z.discriminatedUnion('type', [
        said.extend({ type: z.literal('said'), at: z.number(), position }),
        z.object({ type: z.literal('gap'), missed: z.number().nullable(), reason, position }),
        /** All messages that were stored at the time of the request have come. */
        z.object({ type: z.literal('live'), position }),
      ]),
    },
    /** Says something. The same `ref` is said once. */
    say: { request: z.object({ ref: z.string().regex(TOKEN), text }), idempotent: true },
  },
})
