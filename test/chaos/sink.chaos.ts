import { SINK } from './matrix/areas/sink.js';
import { describeArea } from './matrix/fault-area.js';

describeArea(SINK);
