import { describe, expect, it } from 'vitest'
import {
  answers,
  keptStreams,
  partsOf,
  streams,
  uploads,
} from '../../../src/messages/page/features.ts'

describe('partsOf()', () => {
  it('returns what the features bring, and nothing of others', () => {
    expect(Object.keys(partsOf([])).sort()).toEqual([])
    expect(Object.keys(partsOf([uploads])).sort()).toEqual(['name', 'uploadOf'])
    expect(Object.keys(partsOf([answers, keptStreams, streams, uploads])).sort()).toEqual([
      'createAnswers',
      'keepOver',
      'name',
      'serverOf',
      'streamOver',
      'uploadOf',
    ])
  })

  it('throws TypeError for anything but a feature', () => {
    expect(() => partsOf([{ name: 'streams' }])).toThrow(
      new TypeError(
        'Cannot use typed messages: option "features" is invalid, expected answers, keptStreams, streams or uploads of towpath/messages/page',
      ),
    )
    expect(() => partsOf([undefined as never])).toThrow(TypeError)
  })
})
