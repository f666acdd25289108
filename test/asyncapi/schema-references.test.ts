import { describe, expect, it } from 'vitest'
import { SharedSchemas } from '../../src/asyncapi/schema-references.ts'

const SCHEMAS = '#/components/schemas'

describe('SharedSchemas', () => {
  it('leaves a schema without references where it is', () => {
    const shared = new SharedSchemas()

    expect(shared.embed('client.say.event', { type: 'string' })).toEqual({ type: 'string' })
    expect(shared.schemas).toEqual({})
  })

  it('moves a schema that refers to its root', () => {
    const shared = new SharedSchemas()
    const schema = { type: 'array', items: { $ref: '#' }, not: { $ref: '#/items' } }

    expect(shared.embed('client.tree.event', schema)).toEqual({
      $ref: `${SCHEMAS}/client.tree.event`,
    })
    expect(shared.schemas).toEqual({
      'client.tree.event': {
        type: 'array',
        items: { $ref: `${SCHEMAS}/client.tree.event` },
        not: { $ref: `${SCHEMAS}/client.tree.event/items` },
      },
    })
  })

  it.each(['definitions', '$defs'])('moves each schema of %s', (keyword) => {
    const shared = new SharedSchemas()
    const schema = {
      $ref: `#/${keyword}/a~1b/properties/c`,
      [keyword]: { 'a/b': { properties: { c: { $ref: `#/${keyword}/a~1b` } } } },
    }

    expect(shared.embed('client.say.event', schema)).toEqual({
      $ref: `${SCHEMAS}/client.say.event.a_b/properties/c`,
    })
    expect(shared.schemas).toEqual({
      'client.say.event.a_b': { properties: { c: { $ref: `${SCHEMAS}/client.say.event.a_b` } } },
    })
  })

  it('gives places of equal names different ones, and changes no data', () => {
    const shared = new SharedSchemas()
    const schema = { items: { $ref: '#' }, default: { $ref: '#' }, properties: { $ref: {} } }
    const embedded = ['a~b', 'a%b', 'a_b'].map((place) => shared.embed(place, schema))

    expect(embedded.map(({ $ref }) => $ref)).toEqual(
      ['a_b', 'a_b_2', 'a_b_3'].map((name) => `${SCHEMAS}/${name}`),
    )
    expect(shared.schemas['a_b_3']).toEqual({
      items: { $ref: `${SCHEMAS}/a_b_3` },
      default: { $ref: '#' },
      properties: { $ref: {} },
    })
  })
})
