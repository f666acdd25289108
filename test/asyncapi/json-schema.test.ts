import { toStandardJsonSchema } from '@valibot/to-json-schema'
import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { jsonSchemaOf } from '../../src/asyncapi/json-schema.ts'

describe('jsonSchemaOf()', () => {
  it.each([
    ['zod', z.object({ text: z.string() })],
    ['valibot', toStandardJsonSchema(v.object({ text: v.string() }))],
    ['arktype', type({ text: 'string' })],
  ])('M-32 converts schemas of %s', (_, schema) => {
    expect(jsonSchemaOf('client.say.event', schema, 'input')).toMatchObject({
      type: 'object',
      properties: { text: { type: 'string' } },
      required: ['text'],
    })
    expect(jsonSchemaOf('client.say.event', schema, 'input')).not.toHaveProperty('$schema')
  })

  it('M-32 fails with the path of a schema of Valibot that is not wrapped, and the remedy', () => {
    expect(() => jsonSchemaOf('client.say.event', v.string(), 'input')).toThrow(
      new TypeError(
        'Cannot describe client.say.event: its schema has no JSON Schema, expected toStandardJsonSchema() of @valibot/to-json-schema around it',
      ),
    )
  })

  it('M-32 fails with the path of a schema that JSON Schema cannot express', () => {
    expect(() => jsonSchemaOf('server.tick.event', z.date(), 'output')).toThrow(
      'Cannot describe server.tick.event: its schema cannot be expressed as JSON Schema',
    )
  })
})
