import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { kitSettings } from '@iris/enricher-kit';
import { describe, expect, it } from '@jest/globals';
import { auditorSettings } from '../../apps/auditor/src/auditor.settings.js';
import { definition as okta } from '../../apps/enricher-okta/src/definition.js';
import { definition as pagerduty } from '../../apps/enricher-pagerduty/src/definition.js';
import { definition as servicenow } from '../../apps/enricher-servicenow/src/definition.js';
import { definition as tailscale } from '../../apps/enricher-tailscale/src/definition.js';
import { definition as workday } from '../../apps/enricher-workday/src/definition.js';
import { gatewaySettings } from '../../apps/gateway/src/gateway.settings.js';
import { referencePages } from './reference.js';

const FOLDER = 'docs/reference';

const pages = referencePages({
  gateway: gatewaySettings,
  'every enricher': kitSettings,
  'enricher-okta': okta.settings,
  'enricher-workday': workday.settings,
  'enricher-servicenow': servicenow.settings,
  'enricher-pagerduty': pagerduty.settings,
  'enricher-tailscale': tailscale.settings,
  auditor: auditorSettings,
});

describe('the reference', () => {
  it.each(Object.entries(pages))('%s says what the code says', (name, text) => {
    const path = `${FOLDER}/${name}`;
    if (process.env.UPDATE_DOCS === '1') writeFileSync(path, text);
    expect(existsSync(path) && readFileSync(path, 'utf8')).toBe(text);
  });

  it('has no page that nothing makes', () => {
    expect(readdirSync(FOLDER).sort()).toEqual(Object.keys(pages).sort());
  });
});

describe('every relative link of the documentation', () => {
  const files = [
    'README.md',
    ...readdirSync('docs')
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name}`),
  ];
  it.each(files)('in %s leads somewhere', (file) => {
    const text = readFileSync(file, 'utf8');
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, link]) => link ?? '');
    const folder = file.includes('/') ? file.slice(0, file.lastIndexOf('/') + 1) : '';
    expect(links.filter((link) => !existsSync(`${folder}${link}`))).toEqual([]);
  });
});
