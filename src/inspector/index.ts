/**
 * `towpath/inspector`: a page that shows what an application is doing.
 */

export { InspectorOperator } from './authorization.ts'
export type { Authorize } from './authorization.ts'
export { Inspector } from './inspector.ts'
export type { InspectorInstance, InspectorOptions } from './inspector.ts'
