import { nodeHost } from '../../support/node-host.ts'
import { howItEnds } from '../../suites/how-it-ends.ts'

howItEnds(() => nodeHost('auto'))
howItEnds(() => nodeHost('stream'))
