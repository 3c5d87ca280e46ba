export { ChangeSummary, type Directions, type ListedChange, listed, ranked } from './change-summary.js';
export { CatalogReapplication } from './reapply-catalog.js';
export { askAsGateway, type ReplayCounts, replay } from './replay.js';
