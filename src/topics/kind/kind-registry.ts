/**
 * The kinds that one process uses. Finds the kind of a name, and refuses kinds that could share a
 * name.
 */

import { TopicKindConflictError } from '../errors.ts'
import { type AnyTopicKind, overlap } from './define-topic.ts'

/** The kind and the parameters of a name. */
export interface KnownTopic {
  readonly kind: AnyTopicKind
  readonly parameters: Readonly<Record<string, string>>
}

/** Kinds by their patterns. */
export class KindRegistry {
  readonly #kinds = new Set<AnyTopicKind>()

  /**
   * Adds a kind. @throws {TopicKindConflictError} when another kind may have a topic of the same
   * name.
   */
  add(kind: AnyTopicKind): void {
    if (this.#kinds.has(kind)) return
    for (const other of this.#kinds) {
      if (overlap(kind, other)) throw new TopicKindConflictError(kind.pattern, other.pattern)
    }
    this.#kinds.add(kind)
  }

  /** The kind of a topic; `null` when no kind has such a name. */
  find(name: string): KnownTopic | null {
    for (const kind of this.#kinds) {
      const parameters = kind.match(name) as Readonly<Record<string, string>> | null // of any kind
      if (parameters !== null) return { kind, parameters }
    }
    return null
  }
}
