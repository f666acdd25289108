import { nodeHost } from '../support/node-host.ts'
import { interfaces } from './interfaces.ts'
import { usage } from './usage.ts'

usage(nodeHost)
interfaces(nodeHost)
