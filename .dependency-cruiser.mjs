const adapters = ['database', 'queue', 'object-store', 'media', 'engine-client'];
/** Which packages may load a package that talks to the outside; `from` may hold several folders. */
const onlyIn = (name, module, folders) => ({
  name,
  severity: 'error',
  from: { pathNot: folders.map((folder) => `^${folder}/`) },
  // Unanchored: pnpm keeps the real files in a second node_modules below .pnpm.
  to: { path: `node_modules/${module}/` },
});

export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'core-knows-nobody',
      severity: 'error',
      from: { path: '^packages/core/src', pathNot: '\\.spec\\.ts$' },
      to: {
        pathNot: [
          '^packages/core/src',
          '^(node:)?(crypto|events|stream|stream/promises|timers|timers/promises)$',
        ],
      },
    },
    ...adapters.map((adapter) => ({
      name: `${adapter}-knows-no-other-adapter`,
      severity: 'error',
      from: { path: `^packages/${adapter}/src` },
      to: { path: `^packages/(${adapters.filter((other) => other !== adapter).join('|')})/` },
    })),
    {
      name: 'apps-never-import-apps',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'a-dialect-knows-no-other-dialect',
      severity: 'error',
      from: { path: '^apps/api/src/dialects/([^/]+)/' },
      to: { path: '^apps/api/src/dialects/[^/]+/', pathNot: '^apps/api/src/dialects/$1/' },
    },
    {
      name: 'a-dialect-knows-no-adapter',
      severity: 'error',
      from: { path: '^apps/api/src/dialects/' },
      to: { path: `^packages/(${adapters.join('|')}|devstack)/` },
    },
    {
      name: 'testkit-only-in-tests',
      severity: 'error',
      from: { pathNot: ['\\.spec\\.ts$', '/test/', '^packages/testkit/'] },
      to: { path: '^packages/testkit/' },
    },
    {
      name: 'acceptance-imports-nothing-of-ours',
      severity: 'error',
      from: { path: '^acceptance/' },
      to: { path: '^(packages|apps)/' },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    onlyIn('prisma-only-in-database', '@prisma', ['packages/database']),
    onlyIn('bullmq-only-in-queue-and-worker', '(bullmq|@nestjs/bullmq|ioredis)', [
      'packages/queue',
      'apps/worker',
    ]),
    onlyIn('aws-only-in-object-store', '@aws-sdk', ['packages/object-store']),
    onlyIn('grpc-only-in-engine-client', '@grpc', ['packages/engine-client']),
  ],
  options: {
    doNotFollow: { path: ['node_modules', '/dist/', '/generated/'] },
    exclude: { path: ['/dist/', '/generated/'] },
    tsConfig: { fileName: 'tsconfig.tests.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['polyreel-source', 'import', 'node', 'default', 'types'],
    },
  },
};
