/**
 * A client of the task list: adds a task, finishes it, and prints the changes.
 */

import type { WebSocketClient } from 'towpath/client'
import { typed } from 'towpath/messages'
import { tasks } from './contract.ts'

/** Runs once, and passes each line to `print`. */
export async function addAndFinish(
  client: Pick<WebSocketClient, 'webSocket'>,
  url: string,
  title: string,
  print: (line: string) => void,
): Promise<void> {
  await client.webSocket(url, { protocols: tasks.protocols }, async (session) => {
    const { request, requestCatching, stream, incoming } = typed(session, tasks)

    const { id } = await request('add', { title })
    await request('finish', { id })
    for (let changes = 0; changes < 2; changes++) {
      const { data } = await incoming.receive()
      print(`${data.title}: ${data.done ? 'done' : 'to do'}`)
    }

    const outcome = await requestCatching('finish', { id: -1 })
    if (outcome.type === 'failed' && outcome.failure === 'NO_SUCH_TASK') {
      print(`no task ${outcome.data.id}`)
    }
    for await (const task of stream('all', undefined)) print(`${task.id}. ${task.title}`)
  })
}
