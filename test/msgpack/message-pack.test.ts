import { readFileSync } from 'node:fs'
import { expect, it, vi } from 'vitest'
import { PackageMissingError } from '../../src/packages/index.ts'
import { messagePack } from '../../src/msgpack/message-pack.ts'

const loadPackage = vi.hoisted(() =>
  vi.fn<(act: string, name: string, range?: string) => unknown>(),
)

vi.mock('../../src/packages/index.ts', async (original) => ({
  ...(await original<object>()),
  loadPackage,
}))

it('messagePack() names the package and the version to install', () => {
  loadPackage.mockImplementation((act, name, range) => {
    throw new PackageMissingError(act, name, { cause: null, range })
  })

  expect(() => messagePack()).toThrow(
    'Cannot use MessagePack: package "msgpackr" is not installed, expected npm install msgpackr@^2.1.4',
  )
})

it('messagePack() asks for the version that package.json does', () => {
  const manifest = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  ) as {
    peerDependencies: Record<string, string>
  }

  expect(manifest.peerDependencies['msgpackr']).toBe('^2.1.4')
})
