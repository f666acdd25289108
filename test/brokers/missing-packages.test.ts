import Module from 'node:module'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { natsBroker } from '../../src/brokers/nats/index.ts'
import { redisBroker } from '../../src/brokers/redis/index.ts'
import { createApplication } from '../../src/index.ts'
import { PackageMissingError } from '../../src/packages/index.ts'
import { type Broker, Topics } from '../../src/topics/index.ts'

// Node has no public way to hide a package.
const resolver = Module as unknown as {
  _resolveFilename: (name: string, ...rest: unknown[]) => string
}
const { _resolveFilename: resolve } = resolver

beforeEach(() => {
  resolver._resolveFilename = (name, ...rest) => {
    if (name !== '@redis/client' && name !== '@nats-io/transport-node') {
      return resolve.call(resolver, name, ...rest)
    }
    throw Object.assign(new Error('Cannot find the module'), { code: 'MODULE_NOT_FOUND' })
  }
})

afterEach(() => {
  resolver._resolveFilename = resolve
})

describe('a broker whose package is not installed', () => {
  it.each<[string, () => Broker, string]>([
    ['redisBroker()', redisBroker, '@redis/client@^6.3.1'],
    ['natsBroker()', natsBroker, '@nats-io/transport-node@^3.3.1'],
  ])(
    '%s: the server does not start, and the error names what to install',
    (_name, make, wanted) => {
      const start = (): unknown =>
        createApplication((app) => app.install(Topics, { broker: make() }))

      expect(start).toThrow(PackageMissingError)
      expect(start).toThrow(`expected npm install ${wanted}`)
      expect(start).toThrow(expect.objectContaining({ code: 'TOWPATH_PACKAGE_MISSING' }))
    },
  )
})
