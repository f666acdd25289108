import * as api from '@opentelemetry/api'
import { expect, it } from 'vitest'

import { loadApi } from '../../src/opentelemetry/api.ts'

it('loadApi() returns an API that shares the global state of others', () => {
  expect(loadApi('test').trace.getTracerProvider()).toBeDefined()
  expect(Object.keys(loadApi('test'))).toContain(Object.keys(api)[0])
})
