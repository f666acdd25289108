/** A binary heap, ordered by a function that is given at construction. */

/** A heap of elements, the first on top; equal elements are in no particular order. */
export class BinaryHeap<T> {
  readonly #isBefore: (a: T, b: T) => boolean
  #items: T[] = []

  /** @param isBefore whether `a` comes before `b`; a strict order that never changes. */
  constructor(isBefore: (a: T, b: T) => boolean) {
    this.#isBefore = isBefore
  }

  get size(): number {
    return this.#items.length
  }

  /** Returns the first element without removing it; `undefined` if there is none. */
  peek(): T | undefined {
    return this.#items[0]
  }

  push(item: T): void {
    this.#items.push(item)
    this.#siftUp(this.#items.length - 1)
  }

  /** Removes and returns the first element; `undefined` if there is none. */
  pop(): T | undefined {
    const first = this.#items[0]
    const last = this.#items.pop()
    if (last !== undefined && this.#items.length > 0) {
      this.#items[0] = last
      this.#siftDown(0)
    }
    return first
  }

  /** Keeps the elements for which `isKept` returns true; takes time proportional to the size. */
  retain(isKept: (item: T) => boolean): void {
    this.#items = this.#items.filter(isKept)
    for (let index = (this.#items.length >> 1) - 1; index >= 0; index--) this.#siftDown(index)
  }

  #siftUp(start: number): void {
    const items = this.#items
    let index = start
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!this.#isBefore(items[index]!, items[parent]!)) return
      this.#swap(index, parent)
      index = parent
    }
  }

  #siftDown(start: number): void {
    const items = this.#items
    let index = start
    for (;;) {
      const left = 2 * index + 1
      if (left >= items.length) return
      const right = left + 1
      const child =
        right < items.length && this.#isBefore(items[right]!, items[left]!) ? right : left
      if (!this.#isBefore(items[child]!, items[index]!)) return
      this.#swap(index, child)
      index = child
    }
  }

  /** Both indices are known to be below the length. */
  #swap(a: number, b: number): void {
    const item = this.#items[a]!
    this.#items[a] = this.#items[b]!
    this.#items[b] = item
  }
}
