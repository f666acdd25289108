import { typed } from 'towpath/messages'
import { type TestApplication, withTestApplication } from 'towpath/testing'
import { expect, it } from 'vitest'
import { app } from '../src/app.ts'
import { chat } from '../src/contract.ts'

async function enter(t: TestApplication, name: string) {
  const client = typed(await t.connect('/chat', { protocols: chat.protocols }), chat)
  return { client, joined: await client.requestCatching('join', { name }) }
}

it('what one member says is received by all', () =>
  withTestApplication(app, async (t) => {
    const { client: ada } = await enter(t, 'ada')
    const { client: grace } = await enter(t, 'grace')

    await ada.send('say', { text: 'hello' })

    const message = { type: 'said', data: { from: 'ada', text: 'hello' } }
    expect(await ada.incoming.receive()).toEqual(message)
    expect(await grace.incoming.receive()).toEqual(message)
  }))

it('a name that is taken is refused with a typed error', () =>
  withTestApplication(app, async (t) => {
    await enter(t, 'ada')

    expect((await enter(t, 'ada')).joined).toMatchObject({
      type: 'failed',
      failure: 'NAME_TAKEN',
      data: { name: 'ada' },
    })
  }))
