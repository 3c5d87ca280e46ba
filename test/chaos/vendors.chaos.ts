import { VENDOR_NAMES } from '../../apps/sandbox/src/vendor-name.js';
import { cellsOfVendor, EVERY_ROUND } from './matrix/areas/vendors.js';
import { describeCells } from './matrix/fault-area.js';

const MESH = { vendorTls: true, people: 10_000 };

for (const vendor of VENDOR_NAMES) describeCells(`Vendors: ${vendor}`, MESH, cellsOfVendor(vendor));
describeCells('Vendors, all at once', MESH, EVERY_ROUND);
