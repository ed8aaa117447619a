import { ApiProperty } from '@nestjs/swagger';
import { ErrorReplies, type FailureStatus } from './error-replies.js';

/** Any failure but a validation failure. */
class FastapiError {
  @ApiProperty({ description: 'What is wrong, and what to do' })
  detail!: string;
}

/** One thing wrong with a request, as Pydantic 2 says it. */
class FastapiProblem {
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

class FastapiValidationError {
  @ApiProperty({ type: [FastapiProblem] })
  detail!: readonly FastapiProblem[];
}

/** Documents the failures of a route of a FastAPI original. */
export function FastapiErrors(...statuses: FailureStatus[]): MethodDecorator {
  return ErrorReplies((status) => (status === 422 ? FastapiValidationError : FastapiError), statuses);
}
