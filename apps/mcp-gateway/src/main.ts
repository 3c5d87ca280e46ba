import { startMcpGateway } from './start-mcp-gateway.js';

await startMcpGateway(process.env);
