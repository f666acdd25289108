import { describe, expect, it } from 'vitest'
import { defineTopic, TopicKindConflictError } from '../../../src/topics/index.ts'
import { KindRegistry } from '../../../src/topics/kind/kind-registry.ts'

describe('KindRegistry', () => {
  it('finds the kind and the parameters of a name', () => {
    const Room = defineTopic('rooms/:room')
    const registry = new KindRegistry()
    registry.add(Room)
    registry.add(Room)

    expect(registry.find('rooms/1')).toEqual({ kind: Room, parameters: { room: '1' } })
    expect(registry.find('halls/1')).toBeNull()
  })

  it('refuses a kind whose topics may have the name of another', () => {
    const registry = new KindRegistry()
    registry.add(defineTopic('rooms/:room'))

    expect(() => registry.add(defineTopic('rooms/lobby'))).toThrow(TopicKindConflictError)
  })
})
