import { http2ClientSubject } from '../../support/client-subject.ts'
import { conformance } from './conformance.ts'

conformance(http2ClientSubject())
