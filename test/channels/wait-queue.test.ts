import { describe, expect, it } from 'vitest'
import { type Waiting, WaitQueue } from '../../src/channels/wait-queue.ts'

class Boat implements Waiting<Boat> {
  before: Boat | null = null
  after: Boat | null = null
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}

function queueOf(...boats: readonly Boat[]): WaitQueue<Boat> {
  const queue = new WaitQueue<Boat>()
  for (const boat of boats) queue.append(boat)
  return queue
}

function drain(queue: WaitQueue<Boat>): string[] {
  const names: string[] = []
  for (let boat = queue.shift(); boat !== null; boat = queue.shift()) names.push(boat.name)
  return names
}

describe('WaitQueue', () => {
  it('shift() serves in the order of append(), and is null when nobody waits', () => {
    const queue = queueOf(new Boat('a'), new Boat('b'), new Boat('c'))

    expect(queue.first?.name).toBe('a')
    expect(drain(queue)).toEqual(['a', 'b', 'c'])
    expect(queue.first).toBeNull()
  })

  it.each([
    [0, ['b', 'c']],
    [1, ['a', 'c']],
    [2, ['a', 'b']],
  ])('remove() of number %d leaves the others in order', (index, left) => {
    const boats = [new Boat('a'), new Boat('b'), new Boat('c')]
    const queue = queueOf(...boats)

    queue.remove(boats[index] ?? new Boat('none'))

    expect(drain(queue)).toEqual(left)
  })

  it('remove() of the only one empties the queue, and it may come again', () => {
    const boat = new Boat('a')
    const queue = queueOf(boat)

    queue.remove(boat)
    expect(queue.first).toBeNull()

    queue.append(boat)
    queue.append(new Boat('b'))
    queue.remove(boat)
    queue.append(boat)
    expect(drain(queue)).toEqual(['b', 'a'])
  })
})
