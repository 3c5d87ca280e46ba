import { PDP } from './matrix/areas/pdp.js';
import { describeArea } from './matrix/fault-area.js';

describeArea(PDP);
