import { expect, it } from 'vitest'
import { createSeededRandom } from '../../../src/testing/seeded-random.ts'
import { ClientNames } from '../../../src/topics/wire/client-names.ts'

const SECRET = 'a secret of all processes'

it('ClientNames recognises its own names, in every process that has the secret', () => {
  const names = new ClientNames(SECRET, createSeededRandom(1))
  const { id, client } = names.create()

  expect(new ClientNames(SECRET, createSeededRandom(2)).recognise(client)).toBe(id)
  expect(new ClientNames(`${SECRET}!`, createSeededRandom(1)).recognise(client)).toBeNull()
  expect(new ClientNames(null, createSeededRandom(3)).recognise(client)).toBeNull()
  expect(names.create().id).not.toBe(id)
})

it.each(['', '.', 'a', 'a.b.c', 'a.', '.a', 'a.ä', 'a.A', `a.${'A'.repeat(10_000)}`])(
  'ClientNames does not recognise %j',
  (client) => {
    expect(new ClientNames(SECRET, createSeededRandom(1)).recognise(client)).toBeNull()
  },
)
