import { ValidateBy } from 'class-validator';

/** A URL with one of the given schemes and a host; credentials, path and query may follow. */
export function IsAddress(...schemes: string[]): PropertyDecorator {
  return ValidateBy({
    name: 'isAddress',
    validator: {
      validate: (value: unknown) => {
        if (typeof value !== 'string' || !URL.canParse(value)) return false;
        const { protocol, hostname } = new URL(value);
        return schemes.includes(protocol.slice(0, -1)) && hostname !== '';
      },
    },
  });
}
