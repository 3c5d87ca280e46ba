import { MACHINE } from './matrix/areas/machine.js';
import { describeArea } from './matrix/fault-area.js';

describeArea(MACHINE);
