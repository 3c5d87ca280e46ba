/** Rules of dependency-cruiser from the matrix of stages: what a stage imports, and by which entry. */
module.exports = (parts) =>
  Object.entries(parts).flatMap(([part, { root, shared, stages }]) => {
    const names = Object.keys(stages);
    const rules = names.flatMap((stage) => {
      const { imports } = stages[stage];
      const from = { path: `^${root}/${stage}/`, pathNot: '\\.spec\\.ts$' };
      const others = names.filter((other) => other !== stage && !imports.includes(other));
      const forbidden = {
        name: `${part}-stage-${stage}`,
        comment: 'A stage imports shared types, libraries and what stages.json lists, and no other stage.',
        severity: 'error',
        from,
        to: { path: `^${root}/(${others.join('|')})/` },
      };
      const entry = {
        name: `${part}-stage-${stage}-entries`,
        comment: 'A stage is imported by its index.ts.',
        severity: 'error',
        from,
        to: { path: `^${root}/(${imports.join('|')})/`, pathNot: '/index\\.[jt]s$' },
      };
      return imports.length === 0 ? [forbidden] : [forbidden, entry];
    });
    return [
      ...rules,
      {
        name: `${part}-entries`,
        comment: 'What composes the stages imports each by its index.ts.',
        severity: 'error',
        from: { path: `^${root}/[^/]+$`, pathNot: '\\.spec\\.ts$' },
        to: { path: `^${root}/(${names.join('|')})/`, pathNot: '/index\\.[jt]s$' },
      },
      {
        name: `${part}-shared-imports-no-stage`,
        comment: 'Types that pass between stages depend on none of them.',
        severity: 'error',
        from: { path: `^${root}/(${shared.join('|')})/`, pathNot: '\\.spec\\.ts$' },
        to: { path: `^${root}/(${names.join('|')})/` },
      },
    ];
  });
