import { describe, expect, it, vi } from 'vitest'

import { parseOrigin } from '../../../src/application/calls/authority.ts'
import { consoleLogger, type Logger } from '../../../src/application/logger.ts'
import { RefusedOrigins, showOrigin } from '../../../src/application/upgrades/refused-origins.ts'

describe('RefusedOrigins', () => {
  it('writes of an origin once a minute, with both origins and the option', () => {
    const warn = vi.fn<Logger['warn']>()
    const origins = new RefusedOrigins({ ...consoleLogger, warn })

    for (const now of [0, 1, 59_999, 60_000]) {
      origins.refused('http://localhost:5173', 'http://localhost:8080', '/chat', now)
    }

    expect(warn).toHaveBeenCalledTimes(2)
    expect(warn).toHaveBeenCalledWith(
      { origin: 'http://localhost:5173', own: 'http://localhost:8080', route: '/chat' },
      'Upgrade refused: pages of http://localhost:5173 may not connect to http://localhost:8080, set the option "origins" to allow them',
    )
  })

  it('writes of 20 origins a minute, however many there are', () => {
    const warn = vi.fn<Logger['warn']>()
    const origins = new RefusedOrigins({ ...consoleLogger, warn })

    for (let index = 0; index < 1000; index++) {
      origins.refused(`http://${index}.test`, 'http://own.test', '/', index)
    }
    expect(warn).toHaveBeenCalledTimes(20)

    origins.refused('http://later.test', 'http://own.test', '/', 60_000)
    expect(warn).toHaveBeenCalledTimes(21)
  })

  it('outlives a logger that throws', () => {
    const warn = (): void => {
      throw new Error('disk full')
    }
    const origins = new RefusedOrigins({ ...consoleLogger, warn })

    expect(() => origins.refused('http://a.test', 'http://b.test', '/', 0)).not.toThrow()
  })
})

describe('showOrigin()', () => {
  it.each(['https://a.test', 'http://a.test:81', 'http://[::1]:8080', 'app://a'])(
    'shows %s as a browser writes it',
    (text) => {
      expect(showOrigin(parseOrigin(text))).toBe(text)
    },
  )

  it('leaves out the port of the scheme', () => {
    expect(showOrigin({ scheme: 'http', host: 'a.test', port: 80 })).toBe('http://a.test')
  })

  it.each(['null', '<script>alert(1)</script>', `http://${'a.'.repeat(200)}test`])(
    'never repeats what names no origin: %s',
    (text) => {
      expect(showOrigin(parseOrigin(text))).toBe('an origin that is opaque or invalid')
    },
  )
})
