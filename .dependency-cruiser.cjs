const stageRules = require('./stage-rules.cjs');

/** Dependencies point one way: apps -> libs -> contracts. */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Two modules that need each other cannot be understood apart.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-app-imports-an-app',
      comment: 'An app is deployed alone; what two apps share belongs into a lib.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/', pathNot: '^apps/(sandbox|generator)/' },
      to: { path: '^apps/([^/]+)/', pathNot: '^apps/$1/' },
    },
    {
      name: 'sandbox-imports-simulated-apis-only',
      comment: 'The sandbox runs the simulated API of every vendor and nothing else of an app.',
      severity: 'error',
      from: { path: '^apps/sandbox/' },
      to: { path: '^apps/', pathNot: ['^apps/sandbox/', '^apps/enricher-[^/]+/simulated-api/'] },
    },
    {
      name: 'no-simulation-in-production',
      comment: 'The simulated company and APIs are development code, which no image holds.',
      severity: 'error',
      from: {
        path: '^(apps|libs)/',
        pathNot: ['^libs/simulation/', '^apps/sandbox/', '/simulated-api/', '/test/', '/testing/', '\\.spec\\.ts$'],
      },
      to: { path: '(^libs/simulation/|^apps/sandbox/|/simulated-api/)' },
    },
    {
      name: 'no-lib-imports-an-app',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^apps/' },
    },
    {
      name: 'contracts-import-nothing',
      comment: 'The contracts are what everything else agrees on.',
      severity: 'error',
      from: { path: '^libs/contracts/' },
      to: { path: '^(apps|libs)/', pathNot: '^libs/contracts/' },
    },
    {
      name: 'libs-by-their-front-door',
      comment: 'Import a lib by its alias; its inner files are its own. The generator avoids what it derives.',
      severity: 'error',
      from: { path: '^(apps|libs)/([^/]+)/', pathNot: '^apps/generator/' },
      to: { path: '^libs/([^/]+)/src/', pathNot: ['^libs/$2/', '/index\\.ts$'] },
    },
    {
      name: 'page-imports-types-of-its-api-only',
      comment: 'The page is loaded by browsers: of the server it shares the types of the API, and no code.',
      severity: 'error',
      from: { path: '^apps/console/web/' },
      to: { path: '^(apps|libs)/', pathNot: '^apps/console/web/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'server-imports-nothing-of-its-page',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: '^apps/console/web/' },
      to: { path: '^apps/console/web/' },
    },
    ...stageRules(require('./stages.json')),
    {
      name: 'cerbos-only-in-pdp',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: ['^libs/pdp/', '\\.spec\\.ts$'] },
      to: { path: 'node_modules/@cerbos/(grpc|core)/' },
    },
    {
      name: 'redis-only-in-context-cache',
      severity: 'error',
      from: {
        path: '^(apps|libs)/',
        pathNot: ['^libs/context-cache/', '^libs/evidence/', '^libs/telemetry/', '^apps/auditor/', '\\.spec\\.ts$'],
      },
      to: { path: 'node_modules/(ioredis|bullmq)/' },
    },
    {
      name: 'otel-sdk-only-in-telemetry',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: ['^libs/telemetry/', '^apps/auditor/', '\\.spec\\.ts$'] },
      to: { path: 'node_modules/@opentelemetry/' },
    },
    {
      name: 'no-test-code-in-production',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: ['\\.spec\\.ts$', '/testing/', '^apps/(generator|sandbox)/', '/test/'] },
      to: { path: '(\\.spec\\.ts$|/testing/|^test/)' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^dist/|/generated/|/fixtures/)' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
