import { describe, expect, it } from 'vitest'

import { Frame } from '../../../src/protocol/index.ts'
import { latestBy } from '../../../src/session/latest-by.ts'
import { WaitingKeys } from '../../../src/session/writing/waiting-keys.ts'

/** The key is what stands before the colon; without one there is no key. */
function waitingKeys(): WaitingKeys {
  return new WaitingKeys(
    latestBy((data) =>
      typeof data === 'string' && data.includes(':') ? data.split(':')[0] : null,
    ),
  )
}

describe('WaitingKeys', () => {
  it('offsetOf() finds the frame with the same key, as far behind the oldest as it is by now', () => {
    const keys = waitingKeys()
    keys.entered('no key', 0)
    keys.entered('a:1', 1)
    keys.entered('b:1', 2)
    expect([keys.offsetOf('a:2'), keys.offsetOf('b:2'), keys.offsetOf('c:2')]).toEqual([1, 2, null])

    keys.left()
    expect([keys.offsetOf('a:2'), keys.offsetOf('b:2')]).toEqual([0, 1])
    keys.left()
    expect([keys.offsetOf('a:2'), keys.offsetOf('b:2')]).toEqual([null, 0])
  })

  it('offsetOf() finds nothing for a frame without a key, and asks for none of control frames', () => {
    const keys = new WaitingKeys(
      latestBy(() => {
        throw new Error('not to be asked')
      }),
    )

    expect(keys.offsetOf(new Frame.Ping())).toBe(null)
    expect(waitingKeys().offsetOf('no key')).toBe(null)
  })

  it('forgets a frame that another with its key has followed', () => {
    const keys = waitingKeys()
    keys.entered('a:1', 0)
    keys.entered('a:2', 1)
    keys.left()

    expect(keys.offsetOf('a:3')).toBe(0)
    keys.left()
    expect(keys.offsetOf('a:3')).toBe(null)
  })
})
