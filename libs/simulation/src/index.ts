export * from './api/access-tokens.js';
export type { VendorCalls } from './api/call-log.js';
export type { Fault, FaultInput } from './api/fault.js';
export * from './api/rate-limiter.js';
export {
  baseUrlOf,
  basicCredentials,
  bearerToken,
  formOf,
  pathParameter,
  queryOf,
  wholeNumber,
} from './api/request-reading.js';
export * from './api/simulated-api.js';
export { type ApiAnswer, type ApiBehaviour, SimulatedServer } from './api/simulated-server.js';
export { type DeliveryAttempt, deliver } from './api/webhook-delivery.js';
export { Company, UnknownFactError } from './company/company.js';
export { DAY_MS, HOUR_MS } from './company/dates.js';
export type { Device } from './company/devices.js';
export { DEPARTMENTS, type HrRecord, type OktaAccount, type PagerDutyAccount, type Person } from './company/person.js';
export { type EscalationPolicy, type PagedService, type Schedule, SERVICES, type Shift } from './company/rota.js';
export { SandboxClock } from './company/sandbox-clock.js';
export { type PagedIncident, SERVICE_GROUPS } from './company/service-records.js';
export * from './company/vendor-identifiers.js';
