/**
 * The messages between the server and its clients. Both import this file; a page imports only its
 * type.
 */

import { defineContract } from 'towpath/messages'
import { z } from 'zod'

const task = z.object({ id: z.number(), title: z.string().min(1).max(100), done: z.boolean() })

/** A shared task list. */
export const tasks = defineContract({
  name: 'tasks',
  version: 1,
  errors: { NO_SUCH_TASK: z.object({ id: z.number() }) },
  client: {
    add: { request: task.pick({ title: true }), response: task },
    finish: { request: task.pick({ id: true }), response: task },
    all: { request: null, stream: task },
  },
  server: {
    changed: { event: task },
  },
})
