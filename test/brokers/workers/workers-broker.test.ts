import { describe, expect, it } from 'vitest'
import { workersBroker } from '../../../src/brokers/workers/index.ts'
import { connectTopics, type LiveTopics } from '../../../src/node-topics-client.ts'
import { createEnvironment } from '../../../src/engines/node/environment.ts'
import { Program, type ProgramEvent } from '../../support/program.ts'
import { Listening } from '../../support/topics-world.ts'
import { RecordingSink, topicOf } from '../../suites/brokers/harness.ts'

// Each process compiles the program with tsx.

/** Clients until both workers have one. */
async function clientsOfBoth(
  program: Program,
  url: string,
): Promise<{ readonly lives: LiveTopics[]; readonly served: ProgramEvent[] }> {
  const [lives, served]: [LiveTopics[], ProgramEvent[]] = [[], []]
  while (new Set(served.map(({ pid }) => pid)).size < 2) {
    lives.push(connectTopics(url))
    served.push(await program.next('client', served.length + 1))
  }
  return { lives, served }
}

describe('workersBroker()', () => {
  it('T-01 T-18 rooms work over workers, and a worker that is killed loses nothing', async () => {
    await using program = new Program('worker-rooms')
    const { port } = await program.next('started')
    const url = `ws://127.0.0.1:${String(port)}/live`
    const { lives, served } = await clientsOfBoth(program, url)
    const listening = lives.map((live) => new Listening(live.topic('rooms/1').events()))
    for (const each of listening) await each.until(() => each.short === 'live')

    for (let n = 0; n < 10; n++) await lives[n % lives.length]?.topic('rooms/1').publish(n)
    process.kill(served[0]?.pid ?? 0, 'SIGKILL')
    for (let n = 10; n < 30; n++) await lives[n % lives.length]?.topic('rooms/1').publish(n)

    const all = Array.from({ length: 30 }, (_, n) => n)
    for (const each of listening) {
      await each.until(() => each.events.length === 30)
      expect(each.events).toEqual(all)
      expect(each.short).not.toContain('gap')
    }
    await Promise.all(lives.map((live) => live.close()))
  })

  it('refuses a call that only the workers make', async () => {
    await using program = new Program('worker-rooms', { inModule: true })

    const { message } = await program.next('refused')

    expect(message).toContain('at the top of the program and not in the module')
  })

  it('is a broker in memory in a program without workers, one log for all', async () => {
    const [a, b] = [workersBroker(), workersBroker()]
    const environment = createEnvironment()
    const sinks = [new RecordingSink(), new RecordingSink()]
    await a.open(sinks[0]!, { namespace: 'a', nodeId: 'a', environment })
    await b.open(sinks[1]!, { namespace: 'a', nodeId: 'b', environment })
    await b.follow(topicOf('rooms/1'))
    await a.append(topicOf('rooms/1'), new Uint8Array([1]), { id: 'x' })

    await sinks[1]!.until(({ events }) => events.length === 1)
    await Promise.all([a.close(), b.close()])
  })
})
