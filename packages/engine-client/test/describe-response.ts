import type { EngineDescription, EngineState, ParameterDescription } from '@polyreel/core';
import {
  EngineState as WireState,
  ParameterType,
  type DescribeResponse,
} from '../src/generated/polyreel/engine/v1/description.js';
import { wireKinds } from '../src/wire-words.js';

const wireStates: Record<EngineState, WireState> = {
  loading: WireState.ENGINE_STATE_LOADING,
  ready: WireState.ENGINE_STATE_READY,
  busy: WireState.ENGINE_STATE_BUSY,
  draining: WireState.ENGINE_STATE_DRAINING,
  failed: WireState.ENGINE_STATE_FAILED,
};

const wireTypes: Record<ParameterDescription['type'], ParameterType> = {
  string: ParameterType.PARAMETER_TYPE_STRING,
  integer: ParameterType.PARAMETER_TYPE_INTEGER,
  number: ParameterType.PARAMETER_TYPE_NUMBER,
  boolean: ParameterType.PARAMETER_TYPE_BOOLEAN,
};

/** A description as an engine host sends it. */
export function describeResponse(description: EngineDescription): DescribeResponse {
  return {
    ...description,
    state: wireStates[description.state],
    models: description.models.map((model) => ({
      name: model.name,
      kinds: model.kinds.map(({ kind, inputs, parameters }) => ({
        kind: wireKinds[kind],
        inputs: [...inputs],
        parameters: parameters.map(({ defaultValue, choices, type, ...rest }) => ({
          ...rest,
          type: wireTypes[type],
          choices: [...choices],
          defaultJson: defaultValue === undefined ? '' : JSON.stringify(defaultValue),
        })),
      })),
    })),
  };
}
