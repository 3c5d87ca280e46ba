import type { PageEntry } from '../app/pages.js';
import { DecisionPage } from './decision.js';
import { HealthPage } from './health.js';
import { LivePage } from './live.js';
import { PersonPage } from './person.js';
import { PoliciesPage } from './policies.js';
import { SessionPage } from './session.js';
import { WhatIfPage } from './what-if.js';

/** Every page, in the order of the navigation. */
export const PAGES: readonly PageEntry[] = [
  { section: '', name: 'Live', show: LivePage },
  { section: 'decisions', show: DecisionPage },
  { section: 'people', name: 'People', show: PersonPage },
  { section: 'sessions', name: 'Sessions', show: SessionPage },
  { section: 'what-if', name: 'What if', show: WhatIfPage },
  { section: 'policies', name: 'Policies', show: PoliciesPage },
  { section: 'health', name: 'Health', show: HealthPage },
];
