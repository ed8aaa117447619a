import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiProperty, ApiResponse } from '@nestjs/swagger';

/** Any failure but a validation failure. */
export class FastapiError {
  @ApiProperty({ description: 'What is wrong, and what to do' })
  detail!: string;
}

/** One thing wrong with a request, as Pydantic 2 says it. */
export class FastapiProblem {
  @ApiProperty({ example: 'missing' })
  type!: string;

  @ApiProperty({
    description: 'Where: body, query or path, then names and indexes',
    type: 'array',
    items: { oneOf: [{ type: 'string' }, { type: 'integer' }] },
    example: ['body', 'prompt'],
  })
  loc!: readonly (string | number)[];

  @ApiProperty({ example: 'Field required' })
  msg!: string;

  @ApiProperty({
    description: 'The value as received, shortened when it is long',
    nullable: true,
    oneOf: ['string', 'number', 'boolean', 'object', 'array'].map((type) =>
      type === 'array' ? { type, items: {} } : { type },
    ),
  })
  input!: unknown;
}

export class FastapiValidationError {
  @ApiProperty({ type: [FastapiProblem] })
  detail!: readonly FastapiProblem[];
}

const meanings = {
  400: 'An input cannot be used',
  401: 'A valid API key is required',
  403: 'The path leaves the results',
  404: 'Unknown, or not there yet',
  413: 'The body is too large',
  416: 'The range lies outside the file',
  422: 'Fields are missing or wrong',
  503: 'The queue is full or the storage is away for a moment; Retry-After tells when to try again',
} as const;

/** Documents the failures of a route of a FastAPI original. 401 and 503 can happen everywhere. */
export function FastapiErrors(...statuses: (keyof typeof meanings)[]): MethodDecorator & ClassDecorator {
  const all = [...new Set([...statuses, 401 as const, 503 as const])].sort();
  return applyDecorators(
    ApiExtraModels(FastapiError, FastapiValidationError),
    ...all.map((status) =>
      ApiResponse({
        status,
        description: meanings[status],
        type: status === 422 ? FastapiValidationError : FastapiError,
      }),
    ),
  );
}
