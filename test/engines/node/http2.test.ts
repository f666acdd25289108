import { careless } from '../../suites/careless.ts'
import { howItEnds } from '../../suites/how-it-ends.ts'
import { http2Host } from '../../support/node-host.ts'

howItEnds(http2Host)
careless(http2Host)
