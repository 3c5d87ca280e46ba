// Turns tests/cases.yaml into test suites for `cerbos compile`.

/** One value of every JSON type, and null. */
const BROKEN_VALUES = [null, 7, true, 'text', ['text'], { key: 'text' }];

const KIND = 'aperture_hook';

/**
 * One suite per control and one for all further cases: `{ fileName, suite, spoken }`, the suite ready to be written as
 * YAML. `spoken` holds, by name of the test, the rule that must have an output, and its message when that is fixed.
 */
export function testSuites({ principals, calls, controls, cases }) {
  const suites = controls.map((control, index) => ({
    fileName: `control_${String(index + 1).padStart(2, '0')}_test.yaml`,
    ...suiteOf(control.name, variations(control), principals, calls),
  }));
  return [...suites, { fileName: 'cases_test.yaml', ...suiteOf('Further cases', cases, principals, calls) }];
}

/** The control itself, then each field of it changed in turn. */
function variations({ principal, call, rule, needs }) {
  const base = { principal, call };
  return [
    { ...base, name: 'as it is', expect: 'ALLOW', rule },
    ...needs.flatMap((need, index) => {
      const { path, denied = [], allowed = [], absent = 'DENY', broken = 'DENY' } = need;
      const name = (what) => `${index + 1} ${path} ${what}`;
      const change = (value) => ({ [path]: value });
      return [
        ...denied.map((value) => ({
          ...base,
          name: name(`= ${JSON.stringify(value)}`),
          change: change(value),
          expect: 'DENY',
          rule: need.rule,
        })),
        ...allowed.map((value) => ({
          ...base,
          name: name(`= ${JSON.stringify(value)}`),
          change: change(value),
          expect: 'ALLOW',
        })),
        ...(absent === 'none' ? [] : [{ ...base, name: name('absent'), change: change(undefined), expect: absent }]),
        ...(broken === 'none' ? [] : [{ ...base, name: name('broken'), path, brokenExpect: broken }]),
      ];
    }),
  ];
}

function suiteOf(name, variants, principals, calls) {
  const suite = { name, principals: {}, resources: {}, tests: [] };
  const spoken = {};
  const add = (variant, label, subject) => {
    const key = `c${suite.tests.length}`;
    suite.principals[key] = subject.principal;
    suite.resources[key] = { id: key, kind: KIND, policyVersion: 'default', attr: subject.resource.attr };
    const action = calls[variant.call].action;
    if (variant.rule) {
      spoken[label] = { rule: variant.rule, message: variant.message, expect: variant.expect };
    }
    suite.tests.push({
      name: label,
      input: { principals: [key], resources: [key], actions: [action] },
      expected: [
        {
          principal: key,
          resource: key,
          actions: { [action]: `EFFECT_${variant.expect}` },
        },
      ],
    });
  };
  for (const variant of variants) {
    const subject = { principal: principals[variant.principal], resource: { attr: calls[variant.call].attr } };
    if (variant.path === undefined) {
      add(variant, variant.name, changed(subject, variant.change ?? {}));
      continue;
    }
    const type = typeOf(valueAt(subject, variant.path));
    for (const value of BROKEN_VALUES.filter((candidate) => typeOf(candidate) !== type)) {
      const label = `${variant.name} ${JSON.stringify(value)}`;
      add({ ...variant, expect: variant.brokenExpect }, label, changed(subject, { [variant.path]: value }));
    }
  }
  return { suite, spoken };
}

function changed(subject, changes) {
  const copy = structuredClone(subject);
  for (const [path, value] of Object.entries(changes)) {
    const keys = path.split('.');
    const last = keys.pop();
    const parent = keys.reduce((node, key) => node[key], copy);
    if (value === undefined) {
      delete parent[last];
    } else {
      parent[last] = value;
    }
  }
  return copy;
}

function valueAt(subject, path) {
  return path.split('.').reduce((node, key) => node[key], subject);
}

function typeOf(value) {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}
