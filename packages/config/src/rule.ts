import { registerDecorator, type ValidationArguments } from 'class-validator';

/** A rule over several variables; `allowed` is printed in place of the variable's own text. */
export function Rule<T extends object>(
  name: string,
  allowed: string,
  holds: (settings: T) => boolean,
): PropertyDecorator {
  return (target, property) =>
    registerDecorator({
      name: `rule:${name}`,
      target: target.constructor,
      propertyName: String(property),
      options: { message: allowed },
      validator: {
        validate: (_value: unknown, { object }: ValidationArguments & { object: T }) => holds(object),
      },
    });
}
