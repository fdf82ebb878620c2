import 'reflect-metadata';

export {
  BowechoError,
  ERROR_CODES,
  type DidExecute,
  type ErrorCode,
  type Placement,
  type PlacementContext,
} from '@bowecho/core';
export { ActorError, RemoteError } from './errors.js';
export { packArguments, unpack } from './codec/codec.js';
export { Value, type ValueOptions } from './codec/values.js';
export * from './definition/index.js';
export { ctx, type Context, type HandlerView as View, type Log, type LogFunction } from './ctx.js';
export * from './config/index.js';
export { Cluster, createCluster, type ClusterEvents } from './cluster.js';
export { ActorNode, type ActorNodeOptions, type NodeEvents } from './host/actor-node.js';
export { Founding, placementsOf, subgroupSpecOf } from './host/founding.js';
export type { ClusterLayout, ShardsLayout, TypeLayout } from './host/cluster-layout.js';
export { digestOfReplicas } from './host/replica-digest.js';
export { DeterminismGuard } from './determinism/determinism-guard.js';
export { Replica, type InstanceSnapshot } from './host/replica.js';
export type { OnceOnly } from './calls/replies.js';
export { Journal } from './state/journal.js';
export { RunLoop, microsecondsNow, type Driven } from './host/run-loop.js';
export { InProcessFabric, InProcessNetwork } from './in-process/in-process-fabric.js';
export { InProcessControl, InProcessHub } from './in-process/in-process-control.js';
export type { Answer, ControlChannel, ControlHandler } from './control/control-channel.js';
export { PROTOCOL_VERSION, type Greeting } from './control/greeting.js';
