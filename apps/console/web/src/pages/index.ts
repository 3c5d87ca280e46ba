import type { PageEntry } from '../app/pages.js';
import { LivePage } from './live.js';

export const PAGES: readonly PageEntry[] = [{ section: '', name: 'Live', show: LivePage }];
