import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import {
  IsBoolean,
  IsDefined,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
  MinLength,
} from 'class-validator';

/**
 * Field decorators: one line states type, range, documentation and coercion. Forms carry text
 * only and JSON clients send "40" for 40, so numbers and booleans are read from text everywhere.
 */
interface FieldOptions {
  readonly description: string;
  readonly required?: boolean;
  /** Shown in the documentation only; code applies its own defaults. */
  readonly default?: unknown;
  readonly example?: unknown;
  readonly deprecated?: boolean;
}

/** Longest text of any field that has no own limit. */
const MAX_TEXT = 20_000;

export function TextField(
  options: FieldOptions & { maxLength?: number; minLength?: number; choices?: readonly string[] },
): PropertyDecorator {
  const { maxLength = MAX_TEXT, minLength, choices } = options;
  if (choices)
    return field(options, { type: 'string', enum: [...choices] }, [
      IsString(),
      IsIn([...choices], { context: { choices } }),
    ]);
  return field(options, { type: 'string', maxLength, minLength }, [
    IsString(),
    MaxLength(maxLength, limit(maxLength)),
    ...(minLength === undefined ? [] : [MinLength(minLength, limit(minLength))]),
  ]);
}

/** Text that may be as long as the body allows: base64 media and data URLs. */
export function MediaTextField(options: FieldOptions): PropertyDecorator {
  return field(options, { type: 'string' }, [IsString()]);
}

export function IntegerField(
  options: FieldOptions & { minimum: number; maximum: number },
): PropertyDecorator {
  const { minimum, maximum } = options;
  return field(options, { type: 'integer', minimum, maximum }, [
    Transform(({ value }) => numberFromText(value)),
    IsInt(),
    Min(minimum, limit(minimum)),
    Max(maximum, limit(maximum)),
  ]);
}

export function NumberField(options: FieldOptions & { minimum: number; maximum: number }): PropertyDecorator {
  const { minimum, maximum } = options;
  return field(options, { type: 'number', minimum, maximum }, [
    Transform(({ value }) => numberFromText(value)),
    IsNumber({ allowNaN: false, allowInfinity: false }),
    Min(minimum, limit(minimum)),
    Max(maximum, limit(maximum)),
  ]);
}

export function BooleanField(options: FieldOptions): PropertyDecorator {
  return field(options, { type: 'boolean' }, [Transform(({ value }) => booleanFromText(value)), IsBoolean()]);
}

/** A file of a multipart form; its bytes never reach the DTO, this documents it. */
export function FileField(options: FieldOptions & { many?: boolean }): PropertyDecorator {
  const file = { type: 'string', format: 'binary' } as const;
  const { description, required = false } = options;
  return ApiProperty({
    description,
    required,
    ...(options.many ? { type: 'array', items: file } : file),
  } as ApiPropertyOptions);
}

/** Lets dialects word the limit themselves. */
function limit(value: number) {
  return { context: { limit: value } };
}

function field(options: FieldOptions, schema: object, rules: PropertyDecorator[]): PropertyDecorator {
  const { required = false, description, example, deprecated } = options;
  const documentation = { description, required, example, deprecated, default: options.default, ...schema };
  return applyDecorators(
    ApiProperty(documentation as ApiPropertyOptions),
    required ? IsDefined() : IsOptional(),
    ...rules,
  ) as PropertyDecorator;
}

function numberFromText(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const text = value.trim();
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : value;
}

const truths = new Map<string, boolean>([
  ...['true', '1', 'yes', 'on'].map((word) => [word, true] as const),
  ...['false', '0', 'no', 'off'].map((word) => [word, false] as const),
]);

function booleanFromText(value: unknown): unknown {
  if (value === 1) return true;
  if (value === 0) return false;
  return typeof value === 'string' ? (truths.get(value.trim().toLowerCase()) ?? value) : value;
}
