/**
 * The task list and its route.
 */

import { CloseReason } from 'towpath'
import type { Application, WebSocketServerSession } from 'towpath'
import { prepare, typed, type TypedSession } from 'towpath/messages'
import { tasks } from './contract.ts'

interface Task {
  readonly id: number
  readonly title: string
  readonly done: boolean
}

type Member = TypedSession<typeof tasks.shape, 'server'>

const MAX_TASKS = 100
const TOO_SLOW = new CloseReason(CloseReason.Codes.TRY_AGAIN_LATER, 'Too slow for this list')

/** The tasks, and the sessions that receive changes. */
class TaskList {
  readonly #tasks = new Map<number, Task>()
  readonly #members = new Map<Member, WebSocketServerSession>()

  /** Handles one session until it ends. */
  async join(session: WebSocketServerSession): Promise<void> {
    const member = typed(session, tasks)
    this.#members.set(member, session)
    try {
      await member.serve({
        add: ({ title }, { error }) => {
          if (this.#tasks.size >= MAX_TASKS) throw error('LIST_IS_FULL')
          return this.#set({ id: this.#tasks.size + 1, title, done: false })
        },
        finish: ({ id }, { error }) => {
          const task = this.#tasks.get(id)
          if (task === undefined) throw error('NO_SUCH_TASK', { id })
          return this.#set({ ...task, done: true })
        },
        // The next task is taken when the client has room for it.
        all: () => this.#tasks.values(),
      })
    } finally {
      this.#members.delete(member)
    }
  }

  #set(task: Task): Task {
    this.#tasks.set(task.id, task)
    // Validated and encoded once for all members.
    const changed = prepare(tasks, 'changed', task)
    for (const [{ trySend }, { close }] of this.#members) {
      // A member that has missed a change begins again with the whole list.
      if (trySend(changed) === 'full') void close(TOO_SLOW)
    }
    return task
  }
}

/** Declares the route. */
export function taskList(app: Application): void {
  const list = new TaskList()
  app.routing((route) => {
    const options = { protocols: tasks.protocols, requireProtocol: true }
    route.webSocket('/contract/tasks', options, (session) => list.join(session))
  })
}
