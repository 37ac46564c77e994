// Who may import whom: the folder picture is the architecture picture.
// Type-only imports are free: contracts may be named anywhere.

const leaves = '^src/(options|random|errors)\\.ts$';

/** Files below `folder` may import themselves, the leaves, and what is listed. */
const only = (folder, ...allowed) => ({
  name: `${folder}-imports`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^src/', pathNot: [leaves, `^src/${folder}/`, ...allowed.map((name) => `^src/${name}/`)] },
});

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'leaves-import-nothing',
      severity: 'error',
      from: { path: leaves },
      to: { path: '^src/', pathNot: leaves },
    },
    only('engine'),
    only('data'),
    // A layer of a net may be one of ours: docs/decisions/0016-layers-of-our-own.md
    only('nets', 'engine/layers'),
    only('attacks', 'engine'),
    only('summary'),
    only('report'),
    only('losses', 'engine'),
    only('exchange', 'engine', 'nets'),
    only('robustness', 'engine', 'losses', 'attacks'),
    only(
      'train',
      'engine',
      'losses',
      'attacks',
      'data',
      'nets',
      'exchange',
      'robustness',
      'summary',
      'report',
    ),
    {
      name: 'nobody-imports-cli',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/cli/' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'experiments-are-data',
      severity: 'error',
      from: { path: '^experiments/' },
      to: { path: '^src/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|node_modules)/' },
    // Run-time imports only: a type costs nothing and couples nothing.
    tsPreCompilationDeps: false,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js'] },
  },
};
