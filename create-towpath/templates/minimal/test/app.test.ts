import { Frame } from 'towpath'
import { withTestApplication } from 'towpath/testing'
import { expect, it } from 'vitest'
import { app } from '../src/app.ts'

// No port is opened, and no real time passes.
it('/echo answers what it heard', async () => {
  await withTestApplication(app, async (t) => {
    const client = await t.connect('/echo')
    await client.send('hello')
    expect(await client.incoming.receive()).toEqual(new Frame.Text('YOU SAID hello'))
  })
})
