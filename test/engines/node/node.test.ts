import { duplexHost, nodeHost } from '../../support/node-host.ts'
import { careless } from '../../suites/careless.ts'
import { howItEnds } from '../../suites/how-it-ends.ts'

howItEnds(() => nodeHost('auto'))
howItEnds(() => nodeHost('stream'))
howItEnds(duplexHost)
careless(() => nodeHost('auto'))
careless(() => nodeHost('stream'))
