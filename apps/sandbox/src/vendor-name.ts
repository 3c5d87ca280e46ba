import { SIMULATED_APIS } from './generated/simulated-apis.js';

/** A vendor that the sandbox simulates. */
export type VendorName = keyof typeof SIMULATED_APIS;

export const VENDOR_NAMES = Object.keys(SIMULATED_APIS) as VendorName[];
