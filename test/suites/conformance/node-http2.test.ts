import { http2Host } from '../../support/node-host.ts'
import { conformance } from './conformance.ts'
import { serverSubject } from './subject.ts'

conformance(serverSubject(http2Host()))
