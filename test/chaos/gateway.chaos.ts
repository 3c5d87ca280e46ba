import { GATEWAY } from './matrix/areas/gateway.js';
import { describeArea } from './matrix/fault-area.js';

describeArea(GATEWAY);
