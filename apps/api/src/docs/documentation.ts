import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { createReadStream } from 'node:fs';
import { createRequire } from 'node:module';
import { withBodiesByMediaType } from '../http/body-by-media-type.js';
import type { Dialect } from '../http/dialect.js';

const require = createRequire(import.meta.url);

/**
 * Swagger UI under /docs with one entry per dialect, ReDoc under /redoc, and each dialect's
 * document alone under /docs/<dialect>/openapi.json. Every asset is served from here: no CDN.
 */
export function serveDocumentation(
  app: NestFastifyApplication,
  dialects: readonly Dialect[],
  version: string,
): void {
  const documents = new Map(dialects.map((dialect) => [dialect.name, documentOf(app, dialect, version)]));
  const fastify = app.getHttpAdapter().getInstance();
  for (const [name, document] of documents) fastify.get(`/docs/${name}/openapi.json`, async () => document);
  // Where the FastAPI originals have theirs; the documented address belongs to LatentSync.
  fastify.get('/openapi.json', async () => documents.get('latentsync'));
  fastify.get('/', (_request, reply) => reply.redirect('/docs', 307));
  SwaggerModule.setup('docs', app, documents.get(dialects[0]!.name)!, {
    explorer: true,
    raw: false,
    customSiteTitle: 'Polyreel API',
    swaggerOptions: {
      urls: dialects.map(({ name, title }) => ({ name: title, url: `/docs/${name}/openapi.json` })),
      persistAuthorization: true,
    },
  });
  const bundle = require.resolve('redoc/bundles/redoc.standalone.js');
  fastify.get('/redoc/redoc.standalone.js', (_request, reply) =>
    reply
      .type('text/javascript')
      .header('cache-control', 'public, max-age=86400')
      .send(createReadStream(bundle)),
  );
  fastify.get<{ Params: { dialect?: string } }>('/redoc/:dialect', (request, reply) =>
    reply.type('text/html').send(redocPage(dialects, request.params.dialect)),
  );
  fastify.get('/redoc', (_request, reply) => reply.type('text/html').send(redocPage(dialects, undefined)));
}

function documentOf(app: NestFastifyApplication, dialect: Dialect, version: string): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle(`Polyreel: ${dialect.title}`)
    .setDescription(dialect.description)
    .setVersion(version)
    .addBearerAuth()
    .build();
  return withBodiesByMediaType(SwaggerModule.createDocument(app, config, { include: [dialect.module] }));
}

function redocPage(dialects: readonly Dialect[], wanted: string | undefined): string {
  // Only names of the closed list reach the page.
  const chosen = dialects.find(({ name }) => name === wanted) ?? dialects[0]!;
  const links = dialects
    .map(
      ({ name, title }) =>
        `<a href="/redoc/${name}"${name === chosen.name ? ' aria-current="page"' : ''}>${title}</a>`,
    )
    .join('');
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Polyreel API: ${chosen.title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{margin:0;font-family:system-ui,sans-serif}nav{display:flex;gap:1rem;padding:.75rem 1rem;background:#14171f}
nav a{color:#c6cbd8;text-decoration:none}nav a[aria-current]{color:#fff;font-weight:600}</style></head>
<body><nav>${links}</nav><redoc spec-url="/docs/${chosen.name}/openapi.json" hide-loading></redoc>
<script src="/redoc/redoc.standalone.js"></script></body></html>`;
}
