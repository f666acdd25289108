import { memoryHost } from '../support/hosts.ts'
import { interfaces } from './interfaces.ts'
import { usage } from './usage.ts'

usage(memoryHost)
interfaces(memoryHost)
