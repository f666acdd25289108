import { describe, expect, it } from 'vitest'

import { createApplication } from '../../../src/application/create-application.ts'
import { createMemoryBudget } from '../../../src/application/sessions/memory-budget.ts'
import { WebSockets } from '../../../src/application/sessions/websockets-plugin.ts'
import { minutes, seconds } from '../../../src/base/index.ts'

/** What WebSockets comes to with options as JavaScript may give them. */
function install(options: object) {
  return createApplication().install(WebSockets, options)
}

describe('WebSockets', () => {
  it('S-01 WebSockets is the name of the feature, and is installed', () => {
    const app = createApplication()

    const settings = app.install(WebSockets)

    expect(WebSockets.name).toBe('WebSockets')
    expect(app.plugin(WebSockets)).toBe(settings)
  })

  it('S-05 every setting of WebSockets is optional', () => {
    expect(install({})).toEqual({
      session: {
        pingInterval: null,
        timeout: 15_000,
        closeTimeout: 10_000,
        maxFrameSize: Infinity,
        maxMessageSize: 1_048_576,
        maxFragments: 65_552,
        masking: false,
        incoming: { capacity: 64, maxBytes: 1_048_576, onOverflow: 'suspend' },
        outgoing: { capacity: 64, maxBytes: 1_048_576, onOverflow: 'suspend' },
        readAhead: 65_536,
        maxMessagesPerSecond: Infinity,
        maxBytesPerSecond: Infinity,
        maxControlFramesPerSecond: 1000,
        rateBurst: 1_000,
        onRateLimit: 'wait',
        writeTimeout: 30_000,
        idleTimeout: null,
        maxSessionDuration: null,
        answerHeartbeats: true,
      },
      handshakeTimeout: 10_000,
      origins: 'same-origin',
      extensions: [],
      maxConnections: 100_000,
      maxConnectionsPerAddress: 1_000,
      countsOwnNetworks: false,
      maxUpgradesPerSecond: 5_000,
      maxHeaderCount: 100,
      maxHeaderSize: 16_384,
      memoryBudget: createMemoryBudget(268_435_456),
    })
  })

  it('S-06 pingPeriod is null by default, and takes a duration', () => {
    expect(install({}).session.pingInterval).toBe(null)
    expect(install({ pingPeriod: null }).session.pingInterval).toBe(null)
    expect(install({ pingPeriod: seconds(60) }).session.pingInterval).toBe(60_000)
    expect(install({ pingPeriod: { minutes: 1, seconds: 30 } }).session.pingInterval).toBe(90_000)
  })

  it('S-07 timeout is 15 seconds by default', () => {
    expect(install({}).session.timeout).toBe(15_000)
    expect(install({ timeout: minutes(2) }).session.timeout).toBe(120_000)
  })

  it('S-08 maxFrameSize is without limit by default', () => {
    expect(install({}).session.maxFrameSize).toBe(Infinity)
    expect(install({ maxFrameSize: 65_536 }).session.maxFrameSize).toBe(65_536)
  })

  it('S-09 masking is false by default', () => {
    expect(install({}).session.masking).toBe(false)
    expect(install({ masking: true }).session.masking).toBe(true)
  })

  it('reads the options of the handshake', () => {
    const settings = install({
      handshakeTimeout: { seconds: 3 },
      origins: ['https://app.example.com'],
    })

    expect(settings.handshakeTimeout).toBe(3_000)
    expect(settings.origins).toEqual([{ scheme: 'https', host: 'app.example.com', port: 443 }])
  })

  it('reads the limits on connections; Infinity turns each off', () => {
    const settings = install({
      maxConnections: 10,
      maxConnectionsPerAddress: 2,
      maxUpgradesPerSecond: Infinity,
      maxHeaderCount: 20,
      maxHeaderSize: Infinity,
      memoryBudget: Infinity,
    })

    expect(settings.maxConnections).toBe(10)
    expect(settings.maxConnectionsPerAddress).toBe(2)
    expect(settings.countsOwnNetworks).toBe(true)
    expect(settings.maxUpgradesPerSecond).toBe(Infinity)
    expect(settings.maxHeaderCount).toBe(20)
    expect(settings.maxHeaderSize).toBe(Infinity)
    expect(settings.memoryBudget).toBe(null)
  })

  it('takes a budget that several applications share', () => {
    const memoryBudget = createMemoryBudget(1_000)

    expect(install({ memoryBudget }).memoryBudget).toBe(memoryBudget)
  })

  it.each([
    [{ maxConnections: 0 }, 'option "maxConnections" is 0'],
    [{ maxConnectionsPerAddress: 1.5 }, 'option "maxConnectionsPerAddress" is 1.5'],
    [{ maxUpgradesPerSecond: '5' }, 'option "maxUpgradesPerSecond" is a string'],
    [{ memoryBudget: 0 }, 'option "memoryBudget" is 0'],
    [
      { memoryBudget: {} },
      'option "memoryBudget" is an object, expected a number or createMemoryBudget(bytes)',
    ],
    [{ perMessageDeflate: true }, 'expected extensions: [permessageDeflate()]'],
    [{ pingperiod: 1 }, 'unknown option "pingperiod", expected "pingPeriod"'],
    [{ pingInterval: 1 }, 'unknown option "pingInterval", expected one of'],
    [{ handshakeTimeout: 0 }, 'option "handshakeTimeout" is 0, expected a duration above 0'],
    [{ origins: '*' }, 'option "origins" is a string'],
    [{ protocols: ['a'] }, 'unknown option "protocols"'],
    [{ maxFrameSize: -1 }, 'option "maxFrameSize" is -1'],
  ])('refuses %j', (options, message) => {
    expect(() => install(options)).toThrow(message)
    expect(() => install(options)).toThrow(/^Cannot install WebSockets: /)
  })
})
