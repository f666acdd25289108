import type { StandardSchemaV1 } from '@standard-schema/spec'
import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { isStandardSchema, isValid, validateWith } from '../../src/schema/standard-schema.ts'

const LIBRARIES: ReadonlyArray<readonly [name: string, schema: StandardSchemaV1]> = [
  ['zod', z.object({ room: z.string(), tags: z.array(z.number()).optional() })],
  ['valibot', v.object({ room: v.string(), tags: v.optional(v.array(v.number())) })],
  ['arktype', type({ room: 'string', 'tags?': 'number[]' })],
]

/** A schema that answers whatever `validate` returns. */
function schemaOf(validate: (value: unknown) => unknown, vendor = 'test'): StandardSchemaV1 {
  return { '~standard': { version: 1, vendor, validate } } as StandardSchemaV1 // may answer nonsense
}

describe.each(LIBRARIES)('validateWith() and %s', (_, schema) => {
  it('returns the value of a valid input', () => {
    expect(validateWith(schema, { room: 'a' })).toEqual({ issues: null, value: { room: 'a' } })
  })

  it('returns the path of an invalid part and not the part', () => {
    const outcome = validateWith(schema, { room: 'a', tags: [1, 'secret'] })

    expect(outcome).toMatchObject({ issues: [{ path: ['tags', 1] }] })
    expect(JSON.stringify(outcome)).not.toContain('secret')
  })

  it('is a schema of the standard', () => {
    expect(isStandardSchema(schema)).toBe(true)
  })
})

describe('validateWith()', () => {
  it('returns a promise for a schema that validates asynchronously', async () => {
    const schema = schemaOf((value) => Promise.resolve({ value }))

    const outcome = validateWith(schema, 1)

    expect(outcome).toBeInstanceOf(Promise)
    await expect(outcome).resolves.toEqual({ issues: null, value: 1 })
  })

  it('keeps 10 issues of any number, 200 characters of a message, 32 keys of a path', () => {
    const issue = {
      message: 'm'.repeat(300),
      path: Array.from({ length: 40 }, () => ({ key: 'k' })),
    }

    const outcome = validateWith(
      schemaOf(() => ({ issues: Array(11).fill(issue) })),
      1,
    )

    const expected = { message: 'm'.repeat(200), path: Array(32).fill('k') }
    expect(outcome).toEqual({ issues: Array(10).fill(expected) })
  })

  it.each([
    ['valibot', 'Invalid type: Expected "a" but received "secret"', 'Invalid type: Expected "a"'],
    ['arktype', 'must be "a" (was "secret")', 'must be "a"'],
  ])('cuts the value out of the messages of %s', (vendor, message, kept) => {
    const outcome = validateWith(
      schemaOf(() => ({ issues: [{ message }] }), vendor),
      'secret',
    )

    expect(outcome).toEqual({ issues: [{ path: [], message: kept }] })
  })

  it.each([undefined, null, {}, { issues: 'many' }])(
    'throws TypeError for the answer %j',
    (answer) => {
      expect(() =>
        validateWith(
          schemaOf(() => answer),
          1,
        ),
      ).toThrow(TypeError)
    },
  )

  it('throws what the schema throws', () => {
    const schema = schemaOf(() => {
      throw new RangeError('broken')
    })

    expect(() => validateWith(schema, 1)).toThrow(new RangeError('broken'))
  })
})

describe('isValid()', () => {
  it('says whether a value is valid, with a promise only if the schema is asynchronous', async () => {
    const issues = [{ message: 'No' }]

    expect(
      isValid(
        schemaOf(() => ({ value: 1 })),
        1,
      ),
    ).toBe(true)
    expect(
      isValid(
        schemaOf(() => ({ issues })),
        1,
      ),
    ).toBe(false)
    expect(
      await isValid(
        schemaOf(() => Promise.resolve({ issues })),
        1,
      ),
    ).toBe(false)
  })
})

describe('isStandardSchema()', () => {
  it.each([null, undefined, 1, 'schema', {}, { '~standard': {} }, () => {}])(
    'refuses %j',
    (value) => {
      expect(isStandardSchema(value)).toBe(false)
    },
  )
})
