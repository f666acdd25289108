import { memoryHost } from '../support/hosts.ts'
import { careless } from '../suites/careless.ts'
import { howItEnds } from '../suites/how-it-ends.ts'

howItEnds(memoryHost)
careless(memoryHost)
