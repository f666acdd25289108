/** Masking alone: bytes copied and combined with a key, at an even and an odd distance. */

import { maskInto } from '../../dist/protocol/mask.js'

const KEY = 0x37fa213d
const source = new Uint8Array(new ArrayBuffer(70_000)).fill(0x61)
const target = new Uint8Array(new ArrayBuffer(70_000))

export const title = 'masking'

export const cases = [16, 32, 125, 1024, 4096, 65_536].flatMap((bytes) => [
  { name: `${bytes} bytes`, bytes, run: () => maskInto(source, 8, target, 16, bytes, KEY) },
  {
    name: `${bytes} bytes, odd start`,
    bytes,
    run: () => maskInto(source, 9, target, 16, bytes, KEY),
  },
])
