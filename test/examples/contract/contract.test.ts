/**
 * The list of tasks, in memory.
 */

import { Frame, WebSockets } from 'towpath'
import { withTestApplication } from 'towpath/testing'
import { describe, expect, it } from 'vitest'
import { addAndFinish } from '../../../examples/contract/client.ts'
import { taskList } from '../../../examples/contract/server.ts'

describe('the example of a contract', () => {
  it('adds, finishes, streams and fails as its contract says', async () => {
    await withTestApplication(async (t) => {
      t.application.install(WebSockets)
      taskList(t.application)
      const lines: string[] = []

      await addAndFinish(t.client, 'ws://localhost/contract/tasks', 'Open lock 9', (line) =>
        lines.push(line),
      )

      expect(lines).toEqual([
        'Open lock 9: to do',
        'Open lock 9: done',
        'no task -1',
        '1. Open lock 9',
      ])
    })
  })

  it('tells every member of a change', async () => {
    await withTestApplication(async (t) => {
      t.application.install(WebSockets)
      taskList(t.application)
      const session = await t.connect('/contract/tasks', { protocols: ['tasks.1+json'] })
      await addAndFinish(t.client, 'ws://localhost/contract/tasks', 'Fill lock 3', () => {})
      await t.settle()

      const frame = await session.incoming.receive()
      expect(frame instanceof Frame.Text && frame.readText()).toContain('Fill lock 3')
    })
  })
})
