/**
 * `create-towpath` as a program: what it makes, and what it refuses.
 */

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const PROGRAM = fileURLToPath(new URL('../../create-towpath/index.mjs', import.meta.url))

describe('create-towpath', () => {
  let folder: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'create-towpath-'))
  })

  afterEach(() => {
    rmSync(folder, { recursive: true })
  })

  function create(...args: string[]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], {
      cwd: folder,
      encoding: 'utf8',
    })
    return { status, stdout, stderr }
  }

  function manifest(name: string): { name: string; dependencies: Record<string, string> } {
    // Made by the program from a file of ours.
    return JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8')) as never
  }

  it.each(['minimal', 'chat', 'typed', 'fastify'])('makes the template %s', (template) => {
    const { status, stdout, stderr } = create('boats', '--template', template, '--yes')

    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain('cd boats\n  npm install\n  npm run dev')
    const files = readdirSync(join(folder, 'boats'), { recursive: true }).map(String)
    expect(files).toEqual(
      expect.arrayContaining([
        '.dockerignore',
        '.gitignore',
        'Dockerfile',
        'README.md',
        'kubernetes.yaml',
        'package.json',
        join('src', 'server.ts'),
        join('test', 'app.test.ts'),
      ]),
    )
    expect(manifest('boats').name).toBe('boats')
    for (const file of files.filter((name) => /\.\w+$|Dockerfile/.test(name))) {
      expect(readFileSync(join(folder, 'boats', file), 'utf8')).not.toMatch(/__[A-Z]+__/)
    }
  })

  it('makes the template minimal without --template, and asks nothing without a terminal', () => {
    expect(create('boats').status).toBe(0)
    expect(readdirSync(join(folder, 'boats', 'src')).sort()).toContain('app.ts')
  })

  it('makes a project in an empty folder, and beside .git', () => {
    mkdirSync(join(folder, '.git'))

    expect(create('.', '--yes').status).toBe(0)
    expect(manifest('.').name).toMatch(/^create-towpath-[a-z0-9]+$/i)
  })

  it.each([
    ['my_chat.v2', 'my-chat-v2'],
    ['2048', 'app-2048'],
    ['~', 'app'],
    [`${'a'.repeat(62)}-b`, 'a'.repeat(62)],
  ])('names the objects of Kubernetes after the folder %s: %s', (name, label) => {
    expect(create(name, '--yes').status).toBe(0)

    const yaml = readFileSync(join(folder, name, 'kubernetes.yaml'), 'utf8')
    expect(new Set(yaml.match(/(?<=\b(name|app): )(?!server).+/g))).toEqual(new Set([label]))
    expect(yaml).toContain(`image: ${label}:latest`)
  })

  it('refuses a folder that is not empty, and changes nothing in it', () => {
    mkdirSync(join(folder, 'boats'))
    writeFileSync(join(folder, 'boats', 'package.json'), 'mine')

    expect(create('boats', '--yes')).toEqual({
      status: 1,
      stdout: '',
      stderr:
        'Cannot create a project in "boats": the folder is not empty, ' +
        'expected a new or an empty one\n',
    })
    expect(readdirSync(join(folder, 'boats'))).toEqual(['package.json'])
    expect(readFileSync(join(folder, 'boats', 'package.json'), 'utf8')).toBe('mine')
  })

  it('refuses a file in place of the folder', () => {
    writeFileSync(join(folder, 'boats'), 'mine')

    expect(create('boats', '--yes')).toMatchObject({
      status: 1,
      stderr: 'Cannot create a project in "boats": it is not a folder\n',
    })
  })

  it.each([
    [['boats', '--template', 'large'], /^Cannot use the template "large": it is unknown, expected/],
    [['boats', '--template', 'constructor'], /^Cannot use the template "constructor": /],
    [['boats', '--template', '\u001B[2J'], /^Cannot use the template "\?\[2J": /],
    [['boats', '--colour'], /^Cannot read the options: Unknown option '--colour', expected --help/],
    [['boats', '--template'], /^Cannot read the options: .*--template/],
    [['boats', 'barges'], /^Cannot create a project: 2 names were given, expected one/],
    [['--yes'], /^Cannot create a project: it has no name, expected "create-towpath NAME"/],
    [['…', '--yes'], /^Cannot name a package after the folder "…", expected letters/],
  ])('ends with 1 and one sentence for %j, and creates nothing', (args, message) => {
    const { status, stdout, stderr } = create(...args)

    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(message)
    expect(stderr.match(/\n/g)).toHaveLength(1)
    expect(readdirSync(folder)).toEqual([])
  })

  it('makes the name of the package from the name of the folder', () => {
    create('My Boats', '--yes')

    expect(manifest('My Boats').name).toBe('my-boats')
  })

  it('--towpath takes a version, or a tarball relative to the current folder', () => {
    writeFileSync(join(folder, 'towpath-9.9.9.tgz'), '')
    create('one', '--towpath', '9.9.9')
    create('two', '--towpath', 'towpath-9.9.9.tgz')

    expect(manifest('one').dependencies['towpath']).toBe('9.9.9')
    expect(manifest('two').dependencies['towpath']).toBe('file:../towpath-9.9.9.tgz')
  })

  it('--help prints the options and creates nothing', () => {
    const { status, stdout } = create('--help')

    expect(status).toBe(0)
    expect(stdout).toContain('--template NAME')
    expect(readdirSync(folder)).toEqual([])
  })
})
