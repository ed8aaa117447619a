import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';

/** Documents a route that hands a file out: whole, in part, not changed, or by redirect when the server is set so. */
export function FileReply(...mediaTypes: readonly string[]): MethodDecorator {
  const file = Object.fromEntries(
    mediaTypes.map((mediaType) => [mediaType, { schema: { type: 'string', format: 'binary' } }]),
  );
  return applyDecorators(
    ApiResponse({ status: 200, description: 'The file', content: file }),
    ApiResponse({ status: 206, description: 'The part asked for by Range', content: file }),
    ApiResponse({ status: 302, description: 'Location is a signed link (DOWNLOADS=redirect)' }),
    ApiResponse({ status: 304, description: 'Not changed since the ETag of If-None-Match' }),
  );
}
