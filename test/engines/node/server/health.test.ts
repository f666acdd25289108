import { describe, expect, it } from 'vitest'

import { createApplication, WebSockets } from '../../../../src/application/index.ts'
import { optionReader } from '../../../../src/base/internal.ts'
import {
  HEALTH_OPTION,
  healthAnswer,
  type HealthPaths,
} from '../../../../src/engines/node/server/health.ts'

const PATHS: HealthPaths = { live: '/live', ready: '/ready' }

function ask(target: string, method = 'GET', app = createApplication()) {
  const answer = healthAnswer(app, PATHS, { method, target })
  return answer === null ? null : [answer.status, Buffer.from(answer.body).toString()]
}

describe('healthAnswer()', () => {
  it('D-03 live is 200 in every state of the application', () => {
    const app = createApplication((target) => void target.install(WebSockets))
    void app.stop()

    expect(ask('/live', 'GET', app)).toEqual([200, 'live\n'])
  })

  it('D-03 ready is what readiness() says', () => {
    const app = createApplication()
    const before = ask('/ready', 'GET', app)
    void app.stop()

    expect(before).toEqual([200, 'ready\n'])
    expect(ask('/ready', 'GET', app)).toEqual([503, 'stopping\n'])
  })

  it('ignores a query, and answers HEAD', () => {
    expect(ask('/live?verbose')).toEqual([200, 'live\n'])
    expect(ask('/ready', 'HEAD')).toEqual([200, 'ready\n'])
  })

  it('refuses other methods with 405', () => {
    const answer = healthAnswer(createApplication(), PATHS, { method: 'POST', target: '/live' })

    expect(answer?.status).toBe(405)
    expect(answer?.headers).toContainEqual(['allow', 'GET, HEAD'])
  })

  it('leaves other paths to others, and all of them without the option', () => {
    expect([ask('/lively'), ask('/'), ask('//live')]).toEqual([null, null, null])
    const request = { method: 'GET', target: '/live' }
    expect(healthAnswer(createApplication(), null, request)).toBe(null)
  })

  it('forbids caches to keep the answer', () => {
    const answer = healthAnswer(createApplication(), PATHS, { method: 'GET', target: '/ready' })

    expect(answer?.headers).toContainEqual(['cache-control', 'no-store'])
  })
})

describe('HEALTH_OPTION', () => {
  const read = (value: unknown) =>
    HEALTH_OPTION.read(optionReader('make the server'), 'health', value, null)

  it('takes one path or both', () => {
    expect(read({ ready: '/healthz' })).toEqual({ live: null, ready: '/healthz' })
  })

  it.each(['healthz', '/a?b', '', 7])('refuses %j', (ready) => {
    expect(() => read({ ready })).toThrow('expected a path that begins with "/"')
  })
})
