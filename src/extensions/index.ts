/** The public names of extensions: the interface for custom extensions, and permessage-deflate. */

export { CompressionBudget } from './compression-budget.ts'
export type { PermessageDeflateOptions } from './deflate-options.ts'
export { CompressionRatioError, ExtensionConflictError } from './errors.ts'
export type {
  Extension,
  ExtensionAgreement,
  ExtensionContext,
  ExtensionFrame,
  ExtensionParameters,
  ExtensionSession,
} from './extension.ts'
export { permessageDeflate } from './permessage-deflate.ts'
export type { PermessageDeflate } from './permessage-deflate.ts'
