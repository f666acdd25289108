/** Masking alone: bytes copied and combined with a key, from an even and an odd start; and in place. */

import { copyMasked, maskInPlace } from '../../dist/protocol/mask.js'
import { allocateBlock } from '../../dist/protocol/memory.js'

const KEY = 0x37fa213d
const source = new Uint8Array(new ArrayBuffer(70_000)).fill(0x61)
const target = allocateBlock(70_000)

export const title = 'masking'

export const cases = [16, 32, 125, 1024, 4096, 65_536].flatMap((bytes) => [
  { name: `${bytes} bytes`, bytes, run: () => copyMasked(source, 8, target, 16, bytes, KEY) },
  {
    name: `${bytes} bytes, odd start`,
    bytes,
    run: () => copyMasked(source, 9, target, 16, bytes, KEY),
  },
  {
    name: `${bytes} bytes, in place`,
    bytes,
    run: () => maskInPlace(target.bytes, 8, bytes, KEY),
  },
])
