import type { EngineState, ParameterDescription, TaskKind } from '@polyreel/core';
import {
  EngineState as WireState,
  ParameterType as WireType,
  TaskKind as WireKind,
} from './generated/polyreel/engine/v1/description.js';
import { Stage as WireStage } from './generated/polyreel/engine/v1/generation.js';

type Stage = 'loading' | 'generating' | 'encoding';

export const wireKinds: Record<TaskKind, WireKind> = {
  talk: WireKind.TASK_KIND_TALK,
  lipsync: WireKind.TASK_KIND_LIPSYNC,
  t2v: WireKind.TASK_KIND_T2V,
  i2v: WireKind.TASK_KIND_I2V,
};

/** Undefined for a kind this version does not know: nobody will ask for it. */
export const kinds: Partial<Record<WireKind, TaskKind>> = {
  [WireKind.TASK_KIND_TALK]: 'talk',
  [WireKind.TASK_KIND_LIPSYNC]: 'lipsync',
  [WireKind.TASK_KIND_T2V]: 't2v',
  [WireKind.TASK_KIND_I2V]: 'i2v',
};

/** A state this version does not know counts as `failed`: such an engine gets no jobs. */
export const states: Record<WireState, EngineState> = {
  [WireState.ENGINE_STATE_UNSPECIFIED]: 'failed',
  [WireState.ENGINE_STATE_LOADING]: 'loading',
  [WireState.ENGINE_STATE_READY]: 'ready',
  [WireState.ENGINE_STATE_BUSY]: 'busy',
  [WireState.ENGINE_STATE_DRAINING]: 'draining',
  [WireState.ENGINE_STATE_FAILED]: 'failed',
  [WireState.UNRECOGNIZED]: 'failed',
};

/** Undefined for a type this version does not know: the parameter cannot be offered. */
export const parameterTypes: Partial<Record<WireType, ParameterDescription['type']>> = {
  [WireType.PARAMETER_TYPE_STRING]: 'string',
  [WireType.PARAMETER_TYPE_INTEGER]: 'integer',
  [WireType.PARAMETER_TYPE_NUMBER]: 'number',
  [WireType.PARAMETER_TYPE_BOOLEAN]: 'boolean',
};

/** A stage this version does not know is work on the frames: the engine is alive and not done. */
export const stages: Record<WireStage, Stage> = {
  [WireStage.STAGE_UNSPECIFIED]: 'generating',
  [WireStage.STAGE_LOADING]: 'loading',
  [WireStage.STAGE_GENERATING]: 'generating',
  [WireStage.STAGE_ENCODING]: 'encoding',
  [WireStage.UNRECOGNIZED]: 'generating',
};
