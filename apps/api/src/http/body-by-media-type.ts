import { applyDecorators, type Type } from '@nestjs/common';
import {
  ApiBody,
  ApiConsumes,
  ApiExtension,
  ApiExtraModels,
  getSchemaPath,
  type OpenAPIObject,
} from '@nestjs/swagger';

/** Nest documents one body for all media types of a route; this mark carries one for each until the document is made. */
const MARK = 'x-body-by-media-type';

/** Documents a route whose form and JSON differ. */
export function BodyByMediaType(bodies: Readonly<Record<string, Type>>): MethodDecorator {
  const types = Object.values(bodies);
  const paths = Object.entries(bodies).map(([mediaType, body]) => [mediaType, getSchemaPath(body)]);
  return applyDecorators(
    ApiExtraModels(...types),
    ApiConsumes(...Object.keys(bodies)),
    ApiBody({ type: types[0]! }),
    ApiExtension(MARK, Object.fromEntries(paths)),
  );
}

/** Puts the bodies where they belong, and removes the marks. */
export function withBodiesByMediaType(document: OpenAPIObject): OpenAPIObject {
  for (const item of Object.values(document.paths)) {
    const operation = item.post as (typeof item.post & { [MARK]?: Record<string, string> }) | undefined;
    const paths = operation?.[MARK];
    if (!operation || !paths) continue;
    const content = Object.entries(paths).map(([mediaType, $ref]) => [mediaType, { schema: { $ref } }]);
    operation.requestBody = { required: true, content: Object.fromEntries(content) };
    delete operation[MARK];
  }
  return document;
}
