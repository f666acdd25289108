import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { findProgram } from '../../support/brokers/engine-process.ts'

const HAS_REDIS = findProgram('redis-server') !== null

describe.skipIf(!HAS_REDIS)('the cluster example', () => {
  it('what is published on one node is read on the other, also after a node was killed', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'examples/cluster/cluster.ts'], {
      cwd: fileURLToPath(new URL('../../../', import.meta.url)),
      stdio: ['ignore', 'pipe', 'inherit'],
    })

    const [output] = await Promise.all([text(child.stdout), once(child, 'exit')])

    expect(output).toContain('read on node 2: hello from node 1')
    expect(output).toContain('read on node 1, after node 2 was killed: node 2 was killed')
    expect(output).not.toContain('events are missing')
    expect(child.exitCode).toBe(0)
  })
})
