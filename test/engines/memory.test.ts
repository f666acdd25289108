import { memoryHost } from '../support/hosts.ts'
import { howItEnds } from '../suites/how-it-ends.ts'

howItEnds(memoryHost)
