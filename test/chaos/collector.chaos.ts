import { COLLECTOR } from './matrix/areas/collector.js';
import { describeArea } from './matrix/fault-area.js';

describeArea(COLLECTOR);
