import { WebSockets } from 'towpath'
import { withTestApplication } from 'towpath/testing'
import { messagesSuite } from './suite.ts'

messagesSuite('typed messages in memory', {
  run: (protocols, handler, block) =>
    withTestApplication(async (t) => {
      t.application.install(WebSockets)
      t.application.routing((route) => {
        route.webSocket('/', { protocols }, handler)
      })
      const session = await t.connect('/', { protocols })
      await block(session)
      await t.settle()
      await session.close()
      await session.closed
      await t.settle()
      // Answers that do not match their schema are in the log; the suite asks for one.
      t.takeFailures()
    }),
})
