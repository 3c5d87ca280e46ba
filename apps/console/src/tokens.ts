/** Keys of what is given to controllers by interface. */
export const DECISION_LOG = Symbol('decision log');
export const PDP = Symbol('PDP');
