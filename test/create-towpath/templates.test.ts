/**
 * The files of the templates. `npm run check:create` makes, tests and runs whole projects.
 */

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const TEMPLATES = join(ROOT, 'create-towpath', 'templates')
const NAMES = ['minimal', 'chat', 'typed', 'fastify']

interface Manifest {
  readonly version: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

function manifest(path: string): Manifest {
  // Our own files.
  return JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as Manifest
}

function read(...path: string[]): string {
  return readFileSync(join(TEMPLATES, ...path), 'utf8')
}

describe('the templates', () => {
  it('there is a folder for each template, and one for what they share', () => {
    expect(readdirSync(TEMPLATES).sort()).toEqual([...NAMES, 'shared'].sort())
  })

  it.each(NAMES)('%s asks for the versions that the repository tests with', (name) => {
    const { dependencies, devDependencies } = manifest(join(TEMPLATES, name))
    const tested = {
      ...manifest(join(ROOT, 'test/mounts')).devDependencies,
      ...manifest(ROOT).devDependencies,
      towpath: '__TOWPATH__',
    }

    expect(tested).toMatchObject({ ...dependencies, ...devDependencies })
  })

  it.each(NAMES)('%s depends on every package that it imports', (name) => {
    const { dependencies = {}, devDependencies = {} } = manifest(join(TEMPLATES, name))
    const imported = (folder: string): string[] =>
      readdirSync(join(TEMPLATES, name, folder)).flatMap((file) =>
        [...read(name, folder, file).matchAll(/ from '([^'.][^']*)'/g)]
          .map(([, specifier = '']) => specifier)
          .filter((specifier) => !specifier.startsWith('node:'))
          .map((specifier) => specifier.split('/')[0] ?? ''),
      )

    expect(Object.keys(dependencies)).toEqual(expect.arrayContaining(imported('src')))
    expect(Object.keys({ ...dependencies, ...devDependencies })).toEqual(
      expect.arrayContaining(imported('test')),
    )
  })

  it('create-towpath has the version of towpath, and asks for it', () => {
    const { version } = manifest(ROOT)

    expect(manifest(join(ROOT, 'create-towpath')).version).toBe(version)
    expect(readFileSync(join(ROOT, 'create-towpath/create.mjs'), 'utf8')).toContain(
      `const TOWPATH = '^${version}'`,
    )
  })

  it('the container starts node itself, so that SIGTERM reaches the server', () => {
    expect(read('shared', 'Dockerfile')).toContain('CMD ["node", "dist/server.js"]')
  })

  it.each(NAMES)('Kubernetes gives %s more time than its stop takes', (name) => {
    const manifest = read('shared', 'kubernetes.yaml')
    const numberAfter = (text: string, key: string): number =>
      Number(new RegExp(`${key}[^\\d]*(\\d+)`).exec(text)?.[1])
    const sources = readdirSync(join(TEMPLATES, name, 'src')).map((file) => read(name, 'src', file))
    const lead = numberAfter(sources.join('\n'), 'lead: .*seconds')
    const timeout = numberAfter(sources.join('\n'), 'timeout: seconds')

    expect(numberAfter(manifest, 'terminationGracePeriodSeconds')).toBeGreaterThan(lead + timeout)
    expect(manifest).toMatch(/maxUnavailable: 0/)
    expect(manifest).toMatch(/kind: PodDisruptionBudget/)
    for (const path of ['/live', '/ready']) {
      expect(manifest).toContain(`path: ${path}\n`)
      expect(sources.join('\n')).toContain(`'${path}'`)
    }
  })
})
