import {
  TaskError,
  type EngineDescription,
  type EngineKind,
  type ParameterDescription,
} from '@polyreel/core';
import type {
  DescribeResponse,
  KindDescription,
  ParameterDescription as WireParameter,
} from './generated/polyreel/engine/v1/description.js';
import { kinds, parameterTypes, states } from './wire-words.js';

/** @throws TaskError ENGINE_UNAVAILABLE when the answer breaks the contract */
export function readDescription(response: DescribeResponse): EngineDescription {
  if (response.engine === '' || response.version === '') {
    throw new TaskError('ENGINE_UNAVAILABLE', 'The engine does not say what it is.');
  }
  return {
    engine: response.engine,
    version: response.version,
    models: response.models.map((model) => ({ name: model.name, kinds: model.kinds.flatMap(readKind) })),
    device: response.device,
    slots: Math.max(1, response.slots),
    state: states[response.state] ?? 'failed',
    message: response.message,
  };
}

function readKind(described: KindDescription): EngineKind[] {
  const kind = kinds[described.kind];
  if (!kind) return [];
  const { inputs } = described;
  return [{ kind, inputs, parameters: described.parameters.flatMap(readParameter) }];
}

function readParameter(described: WireParameter): ParameterDescription[] {
  const type = parameterTypes[described.type];
  if (!type) return [];
  const { name, minimum, maximum, choices, description } = described;
  const defaultValue = readDefault(described.defaultJson);
  return [
    {
      name,
      type,
      ...(minimum === undefined ? {} : { minimum }),
      ...(maximum === undefined ? {} : { maximum }),
      ...(defaultValue === undefined ? {} : { defaultValue }),
      choices,
      description,
    },
  ];
}

/** Undefined when there is no default, or none of the types a parameter can have. */
function readDefault(json: string): string | number | boolean | undefined {
  if (json === '') return undefined;
  try {
    const value: unknown = JSON.parse(json);
    const usable = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    return usable ? value : undefined;
  } catch {
    throw new TaskError('ENGINE_UNAVAILABLE', 'The engine describes a default that is not JSON.');
  }
}
