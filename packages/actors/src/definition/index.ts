export type { ActorClass } from './actor-class.js';
export { ActorDefinition, definitionOf, describeMismatch } from './actor-definition.js';
export type { ActorTraits, MethodDefinition } from './actor-definition.js';
export { canonicalKey } from './actor-key.js';
export type { ActorKey } from './actor-key.js';
export { checkArguments } from './argument-checks.js';
export type { ArgumentCheck, CheckedMethod, ParameterChecks } from './argument-checks.js';
export type { CallOptions } from './call-options.js';
export type {
  ArgumentEntry,
  ArgumentList,
  ArgumentType,
  CommandOptions,
  MethodKind,
  QueryOptions,
  ReplicaRange,
  ReplicatedOptions,
} from './declarations.js';
export { Command, Query, Replicated } from './decorators.js';
export type { ActorDecorator, HandlerDecorator } from './decorators.js';
export { defineActor } from './define-actor.js';
export type { ActorSpec, ClassSpec, Handlers, MethodsOf } from './define-actor.js';
export { refClassOf } from './ref-class.js';
export type { CallFace, CallPort, CallRequest, RefClass, UntypedRef } from './ref-class.js';
export type { AllMethods, CallableNames, Ref, RefFaces, RefMethods, TellMethods } from './ref.js';
