/**
 * The place of an application that is replaced while the server goes on. `attach` sees one
 * application.
 */

import { type Application, createApplication, type StopOptions } from '../../application/index.ts'
import { noSuchPath } from '../../application/internal.ts'
import { CloseReason } from '../../protocol/index.ts'

/** The sessions of a replaced application are closed with this reason. */
const RELOADED: CloseReason = new CloseReason(
  CloseReason.Codes.SERVICE_RESTART,
  'The server has loaded new code',
)

/** A development server need not spread the reconnects of its clients. */
const AT_ONCE: StopOptions = { grace: 0 }

/** Sends upgrades to the newest application. */
export class HostedApplication {
  /**
   * The application for `attach`. It has no routes, and answers with the routes of the newest one.
   */
  readonly shell: Application
  #current: Application | null = null

  /** @param isAlone whether no other listener answers upgrades for unknown paths. */
  constructor(isAlone: () => boolean) {
    const shell = createApplication()
    const upgrade = shell.upgrade.bind(shell)
    const stop = shell.stop.bind(shell)
    // Own properties replace these three methods. All other members are the shell's.
    this.shell = Object.assign<Application, Partial<Application>>(shell, {
      upgrade: (request, ...rest) => {
        const outcome = (this.#current?.upgrade.bind(this.#current) ?? upgrade)(request, ...rest)
        const isUnclaimed = !(outcome instanceof Promise) && outcome.type === 'unclaimed'
        return isUnclaimed && isAlone() ? noSuchPath(request.target) : outcome
      },
      answerPlainRequest: (target) => this.#current?.answerPlainRequest(target) ?? null,
      stop: async (options) => {
        const counts = await stop(options)
        return (await this.#current?.stop(options)) ?? counts
      },
    })
  }

  /** Sends upgrades to `application`, and closes the sessions of the one before it with 1012. */
  replace(application: Application): void {
    const old = this.#current
    this.#current = application
    if (old === null) return
    for (const session of old.sessions) void session.close(RELOADED)
    void old.stop(AT_ONCE)
  }
}
