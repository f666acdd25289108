/**
 * The echo of a whole session in both roles, without any network: what one read brings is decoded, handed to a loop over
 * `incoming`, sent back and serialised. A server takes masks off, a client puts them on.
 */

import { createEnvironment } from '../../dist/engines/node/environment.js'
import { encodeFrame } from '../../dist/protocol/frames/frame-encoder.js'
import { LiveSession } from '../../dist/session/internal.js'
import { DEFAULT_SETTINGS } from '../../dist/session/session-options.js'

const TEXT = 1
const KEY = 0x37fa213d
const environment = createEnvironment()
const observer = {
  handlerFailed(error) {
    throw error
  },
  limitReached() {},
  frameDropped() {},
  buffered() {},
  closed() {},
}

/** Takes whatever is written and tells when so many bytes of it are there. */
class Sink {
  local = { host: null, port: null }
  remote = { host: null, port: null }
  encrypted = false
  queuedBytes = 0
  receiver = null
  #missing = 0
  #done = () => {}

  start(receiver) {
    this.receiver = receiver
  }

  write(bytes) {
    this.#missing -= bytes.length
    if (this.#missing <= 0) this.#done()
    return 'taken'
  }

  /** Resolves when that many bytes have been written. */
  expect(bytes) {
    this.#missing = bytes
    return new Promise((resolve) => {
      this.#done = resolve
    })
  }

  pause() {}

  resume() {}

  end() {}

  abort() {}
}

export const title = 'session echo'

export const cases = [
  [32, 1],
  [32, 16],
  [300, 16],
  [4096, 1],
  [65_536, 1],
].flatMap(([bytes, messages]) =>
  ['server', 'client'].map((role) => ({
    name: `${role}, ${messages} × ${bytes} bytes`,
    bytes: bytes * messages,
    run: echo(role, bytes, messages),
  })),
)

function echo(role, bytes, messages) {
  const sink = new Sink()
  const settings = {
    ...DEFAULT_SETTINGS,
    role,
    id: role,
    protocol: null,
    masking: role === 'client',
  }
  const session = new LiveSession(sink, settings, environment, observer)
  session.core.start()
  void session.run(async () => {
    for await (const frame of session.incoming) await session.send(frame)
  })
  const arriving = frames(bytes, messages, role === 'server' ? KEY : null)
  const leaving = frames(bytes, messages, role === 'client' ? KEY : null).length
  return () => {
    const done = sink.expect(leaving)
    sink.receiver.receive(arriving)
    return done
  }
}

function frames(bytes, messages, key) {
  const payload = new Uint8Array(new ArrayBuffer(bytes)).fill(0x61)
  const target = new Uint8Array(new ArrayBuffer(messages * (bytes + 14)))
  let end = 0
  for (let index = 0; index < messages; index++) {
    end = encodeFrame(target, end, TEXT, true, 0, payload, key)
  }
  return target.subarray(0, end)
}
