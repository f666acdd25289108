/**
 * Which links follow a topic or listen to a channel.
 */

/** Links by the names that they follow. Keeps nothing of a name without links. */
export class LinksByName<Link> {
  readonly #links = new Map<string, Set<Link>>()

  /** How many names have a link. */
  get size(): number {
    return this.#links.size
  }

  /** The links of `name`. */
  of(name: string): Iterable<Link> {
    return this.#links.get(name) ?? []
  }

  /** Idempotent. */
  add(name: string, link: Link): void {
    const links = this.#links.get(name)
    if (links === undefined) this.#links.set(name, new Set([link]))
    else links.add(link)
  }

  /** Idempotent. */
  remove(name: string, link: Link): void {
    const links = this.#links.get(name)
    links?.delete(link)
    if (links?.size === 0) this.#links.delete(name)
  }

  /** Removes `link` from all names. */
  removeAll(link: Link): void {
    for (const name of this.#links.keys()) this.remove(name, link)
  }
}
