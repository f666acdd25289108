/**
 * The task list and its route.
 */

import type { Application, WebSocketServerSession } from 'towpath'
import { prepare, typed, type TypedSession } from 'towpath/messages'
import { tasks } from './contract.ts'

interface Task {
  readonly id: number
  readonly title: string
  readonly done: boolean
}

type Member = TypedSession<typeof tasks.shape, 'server'>

/** The tasks, and the sessions that receive changes. */
class TaskList {
  readonly #tasks = new Map<number, Task>()
  readonly #members = new Set<Member>()

  /** Handles one session until it ends. */
  async join(session: WebSocketServerSession): Promise<void> {
    const member = typed(session, tasks)
    this.#members.add(member)
    try {
      await member.serve({
        add: ({ title }) => this.#set({ id: this.#tasks.size + 1, title, done: false }),
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
    for (const { trySend } of this.#members) trySend(changed)
    return task
  }
}

/** Declares the route. */
export function taskList(app: Application): void {
  const list = new TaskList()
  app.routing((route) => {
    route.webSocket('/tasks', { protocols: tasks.protocols, requireProtocol: true }, (session) =>
      list.join(session),
    )
  })
}
