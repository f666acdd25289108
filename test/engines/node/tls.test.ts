import { tlsHost } from '../../support/node-host.ts'
import { careless } from '../../suites/careless.ts'
import { howItEnds } from '../../suites/how-it-ends.ts'

howItEnds(tlsHost)
careless(tlsHost)
