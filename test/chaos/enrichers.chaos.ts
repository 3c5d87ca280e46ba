import { ENRICHERS } from './matrix/areas/enrichers.js';
import { describeArea } from './matrix/fault-area.js';

describeArea(ENRICHERS);
