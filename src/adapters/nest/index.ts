/**
 * `towpath/nest`: gateways and routes in applications of Nest 12.
 */

export { TowpathAdapter } from './adapter.ts'
export type { TowpathAdapterOptions } from './adapter.ts'
export type { GatewayServer, NestClient, NestConnectCallback } from './gateway-server.ts'
export { TowpathModule } from './module.ts'
export type { TowpathModuleOptions } from './module.ts'
export type {
  NestApplicationLike,
  NestDynamicModule,
  NestGatewayOptions,
  NestMessageHandler,
  NestModuleRef,
  NestObservable,
} from './nest-types.ts'
