/**
 * The messages between the server and its clients. Both import this file; a page imports only its
 * type.
 */

import { defineContract } from 'towpath/messages'
import { z } from 'zod'

const title = z
  .string()
  .trim()
  .min(1, 'A task has a title')
  .max(100, 'A title has at most 100 characters')
const task = z.object({ id: z.number(), title, done: z.boolean() })

/** A shared task list. */
export const tasks = defineContract({
  name: 'tasks',
  version: 1,
  errors: { NO_SUCH_TASK: z.object({ id: z.number() }) },
  client: {
    add: { request: task.pick({ title: true }), response: task, errors: { LIST_IS_FULL: null } },
    finish: { request: task.pick({ id: true }), response: task },
    all: { request: null, stream: task },
  },
  server: {
    changed: { event: task },
  },
})
