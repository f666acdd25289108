import { readFileSync } from 'node:fs'
import { expect, it, vi } from 'vitest'
import { PackageMissingError } from '../../src/packages/index.ts'
import { cbor } from '../../src/cbor/cbor.ts'

const loadPackage = vi.hoisted(() =>
  vi.fn<(act: string, name: string, range?: string) => unknown>(),
)

vi.mock('../../src/packages/index.ts', async (original) => ({
  ...(await original<object>()),
  loadPackage,
}))

it('cbor() names the package and the version to install', () => {
  loadPackage.mockImplementation((act, name, range) => {
    throw new PackageMissingError(act, name, { cause: null, range })
  })

  expect(() => cbor()).toThrow(
    'Cannot use CBOR: package "cbor-x" is not installed, expected npm install cbor-x@^1.6.9',
  )
})

it('cbor() asks for the version that package.json does', () => {
  const manifest = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  ) as {
    peerDependencies: Record<string, string>
  }

  expect(manifest.peerDependencies['cbor-x']).toBe('^1.6.9')
})
