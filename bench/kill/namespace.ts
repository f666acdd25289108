/**
 * A network namespace for the nodes of the kill test, so that the kernel cuts them off the broker. One
 * link leads to the clients and is never cut, the other one to the broker. Needs root and iproute2.
 */

import { execFileSync } from 'node:child_process'

const SUBNETS = { clients: '10.213.77', broker: '10.213.78' } as const

/** One namespace, which ends with the test. */
export class Namespace {
  readonly #name = `towpath-${process.pid}`

  private constructor() {
    this.#ip('netns', 'add', this.#name)
    try {
      for (const link of ['clients', 'broker'] as const) this.#connect(link)
    } catch (error) {
      this.end()
      throw error
    }
  }

  /** @throws {Error} without root, or without the program `ip`. */
  static create(): Namespace {
    return new Namespace()
  }

  /** The command that runs a program in the namespace. */
  get prefix(): readonly string[] {
    return ['ip', 'netns', 'exec', this.#name]
  }

  /** Where the clients reach the nodes. */
  get nodesAddress(): string {
    return `${SUBNETS.clients}.2`
  }

  /** Where the nodes reach the broker. */
  get brokerAddress(): string {
    return `${SUBNETS.broker}.1`
  }

  /** Takes the link to the broker down, or drops its packets in both directions. */
  cut(isSilent: boolean): void {
    const device = this.#deviceOf('broker')
    if (!isSilent) {
      this.#ip('link', 'set', device, 'down')
      return
    }
    // A queue without a place. The module that drops at random is not everywhere.
    const queue = ['root', 'pfifo', 'limit', '0']
    run('tc', ['qdisc', 'replace', 'dev', device, ...queue])
    this.#inside('tc', 'qdisc', 'replace', 'dev', 'broker', ...queue)
  }

  mend(): void {
    const device = this.#deviceOf('broker')
    this.#ip('link', 'set', device, 'up')
    for (const command of [
      ['tc', 'qdisc', 'del', 'dev', device, 'root'],
      [...this.prefix, 'tc', 'qdisc', 'del', 'dev', 'broker', 'root'],
    ]) {
      try {
        run(command[0] ?? '', command.slice(1))
      } catch {
        // The link was down: it has no queue of ours.
      }
    }
  }

  end(): void {
    this.#ip('netns', 'del', this.#name)
  }

  #connect(link: keyof typeof SUBNETS): void {
    const device = this.#deviceOf(link)
    const subnet = SUBNETS[link]
    this.#ip('link', 'add', device, 'type', 'veth', 'peer', 'name', link, 'netns', this.#name)
    this.#ip('addr', 'add', `${subnet}.1/30`, 'dev', device)
    this.#ip('link', 'set', device, 'up')
    this.#inside('ip', 'addr', 'add', `${subnet}.2/30`, 'dev', link)
    this.#inside('ip', 'link', 'set', link, 'up')
  }

  /** The end of a link outside. A name has 15 characters at most. */
  #deviceOf(link: keyof typeof SUBNETS): string {
    return `tow${process.pid}${link.charAt(0)}`
  }

  #ip(...args: string[]): void {
    run('ip', args)
  }

  #inside(...args: string[]): void {
    const [program = '', ...rest] = [...this.prefix, ...args]
    run(program, rest)
  }
}

function run(program: string, args: readonly string[]): void {
  const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`
  execFileSync(program, args, {
    env: { ...process.env, PATH },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
}
