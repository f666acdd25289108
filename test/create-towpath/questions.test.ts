import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { complete } from '../../create-towpath/questions.mjs'

const NOTHING = { folder: null, template: null, towpath: null, yes: false }

/** A terminal on which `lines` are typed, and then Ctrl-D. */
function terminal(lines: string, isTTY = true) {
  const input = Object.assign(new PassThrough(), { isTTY })
  const output = Object.assign(new PassThrough(), { isTTY })
  input.end(lines)
  const shown = (): string => {
    let all = ''
    // Node 26 returns one chunk for each call.
    for (let chunk; (chunk = output.read()) !== null;) all += String(chunk)
    return all
  }
  return { input, output, shown }
}

describe('complete()', () => {
  it('complete() asks for the name and the template on a terminal', async () => {
    const asked = terminal('boats\nchat\n')

    const options = await complete(NOTHING, asked)

    expect(options).toEqual({ folder: 'boats', template: 'chat', towpath: null })
    const shown = asked.shown()
    expect(shown).toContain('Name of the project (my-towpath): ')
    expect(shown).toContain('fastify  a route of a Fastify application')
  })

  it('complete() takes the defaults for empty answers', async () => {
    expect(await complete(NOTHING, terminal('\n\n'))).toEqual({
      folder: 'my-towpath',
      template: 'minimal',
      towpath: null,
    })
  })

  it('complete() asks only for what is missing', async () => {
    const asked = terminal('typed\n')

    const options = await complete({ ...NOTHING, folder: 'boats' }, asked)

    expect(options).toMatchObject({ folder: 'boats', template: 'typed' })
    expect(asked.shown()).not.toContain('Name of the project')
  })

  it('complete() rejects when the input ends before the answers', async () => {
    await expect(complete(NOTHING, terminal('boats\n'))).rejects.toThrow(
      'Cannot create a project: the questions were not answered',
    )
  })

  it.each([
    ['with --yes', { ...NOTHING, folder: 'boats', yes: true }, true],
    ['without a terminal', { ...NOTHING, folder: 'boats' }, false],
  ])('complete() asks nothing %s', async (_, given, isTTY) => {
    const asked = terminal('chat\n', isTTY)

    expect(await complete(given, asked)).toMatchObject({ folder: 'boats', template: 'minimal' })
    expect(asked.shown()).toBe('')
  })

  it('complete() rejects without a name and without a terminal', async () => {
    await expect(complete(NOTHING, terminal('boats\n', false))).rejects.toThrow(
      'Cannot create a project: it has no name, expected "create-towpath NAME"',
    )
  })
})
