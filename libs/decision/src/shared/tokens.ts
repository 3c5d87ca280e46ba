/** What the stages are given from outside: tokens of providers that an entry point makes available globally. */

/** `Catalog`. */
export const CATALOG = Symbol('tool catalog');
/** `Pdp`. */
export const PDP = Symbol('PDP');
/** `PolicySelection`. */
export const POLICIES = Symbol('policy selection');
/** `RedisConnection`, or undefined without Redis. */
export const REDIS = Symbol('Redis');
/** `Logger`. */
export const LOGGER = Symbol('logger');
/** `() => ModeOverride | undefined`: the switch that is on now. */
export const MODE_OVERRIDE = Symbol('mode override');
