import { REDIS } from './matrix/areas/redis.js';
import { describeArea } from './matrix/fault-area.js';

describeArea(REDIS);
