import { startAuditor } from './start-auditor.js';

await startAuditor(process.env);
