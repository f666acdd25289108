import { tlsHost } from '../../support/node-host.ts'
import { howItEnds } from '../../suites/how-it-ends.ts'

howItEnds(tlsHost)
