import { Expose, Transform, plainToInstance } from 'class-transformer';
import { IsOptional, ValidateNested } from 'class-validator';

export interface VariableFacts {
  /** Name of the environment variable. */
  name: string;
  /** Completes the sentence "allowed: ..." in the refusal. */
  allowed: string;
  /** Secrets are never shown; of URLs only the password is hidden. */
  secret?: boolean;
}

interface VariableOptions<T> {
  allowed: string;
  secret?: boolean;
  /** Turns the text into a value; text that makes no sense is passed on for the validator to refuse. */
  parse?: (text: string) => T;
  /** Used when the variable is not set; absence means undefined. */
  fallback?: T;
}

const registry = new WeakMap<object, Map<string, VariableFacts>>();

/** A settings property read from one environment variable. */
export function Variable<T = string>(name: string, options: VariableOptions<T>): PropertyDecorator {
  const { parse = (text: string) => text, fallback, allowed, secret } = options;
  return (target, property) => {
    const known = registry.get(target) ?? new Map<string, VariableFacts>();
    known.set(String(property), { name, allowed, secret });
    registry.set(target, known);
    Expose()(target, property);
    Transform(({ obj }) => {
      const text: string | undefined = obj[name];
      return text === undefined ? fallback : parse(text);
    })(target, property);
  };
}

/**
 * A nested group of settings that reads its variables from the same environment.
 * With `when`, the group is undefined, and none of its variables demanded, unless the condition holds.
 */
export function Group(
  type: () => new () => object,
  when: (env: Record<string, string>) => boolean = () => true,
): PropertyDecorator {
  return (target, property) => {
    Expose()(target, property);
    Transform(({ obj }) =>
      when(obj) ? plainToInstance(type(), obj, { excludeExtraneousValues: true }) : undefined,
    )(target, property);
    IsOptional()(target, property);
    ValidateNested()(target, property);
  };
}

/** Which variable stands behind a property, looked up through the classes it extends. */
export function variableOf(instance: object, property: string): VariableFacts | undefined {
  for (let type: object | null = instance; type; type = Object.getPrototypeOf(type)) {
    const facts = registry.get(type)?.get(property);
    if (facts) return facts;
  }
  return undefined;
}
