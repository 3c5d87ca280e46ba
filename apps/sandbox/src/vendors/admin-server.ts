import type { AddressInfo } from 'node:net';
import fastify, { type FastifyInstance } from 'fastify';
import { z } from 'zod';
import { UnknownFactError } from '../company/company.js';
import * as requests from './admin-requests.js';
import type { SandboxCredentials } from './credentials.js';
import { pathParameter } from './request-reading.js';
import type { SandboxAdmin } from './sandbox-admin.js';
import { VENDOR_NAMES, type VendorName } from './vendor-name.js';

export interface AdminServerOptions {
  readonly host: string;
  readonly port: number;
  readonly admin: SandboxAdmin;
  readonly credentials: SandboxCredentials;
  readonly urls: Readonly<Record<VendorName, string>>;
}

/** The admin API over HTTP: the same verbs as `SandboxAdmin`, for other processes. It is meant for loopback only. */
export async function startAdminServer(options: AdminServerOptions): Promise<{ url: string; close(): Promise<void> }> {
  const app = fastify({ routerOptions: { maxParamLength: 1024 }, forceCloseConnections: true });
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof z.ZodError) return reply.code(400).send({ error: z.prettifyError(error) });
    if (error instanceof UnknownFactError) return reply.code(404).send({ error: error.message });
    const { statusCode, message } = error as { statusCode?: number; message: string };
    return reply.code(statusCode ?? 500).send({ error: message });
  });
  app.addHook('onSend', async (_request, reply, payload) => {
    if (payload === undefined || payload === '') reply.code(204);
    return payload;
  });

  app.get('/', async () => ({ urls: options.urls }));
  app.get('/credentials', async () => options.credentials);
  app.post('/reset', async () => options.admin.reset());
  registerVendorVerbs(app, options.admin);
  registerCompanyVerbs(app, options.admin);
  registerWebhookVerbs(app, options.admin);

  await app.listen({ host: options.host, port: options.port });
  const { port } = app.server.address() as AddressInfo;
  return { url: `http://${options.host}:${port}`, close: () => app.close() };
}

function registerVendorVerbs(app: FastifyInstance, admin: SandboxAdmin): void {
  const vendorOf = (params: unknown) => requests.vendorParameter.parse(params).vendor;

  app.get('/faults/:vendor', async (request) => admin.faults(vendorOf(request.params)));
  app.put('/faults/:vendor', async (request) =>
    admin.setFaults(vendorOf(request.params), ...requests.faultsBody.parse(request.body)),
  );
  app.delete('/faults/:vendor', async (request) => admin.setFaults(vendorOf(request.params)));
  app.put('/latency/:vendor', async (request) => {
    admin.setLatency(vendorOf(request.params), requests.latencyBody.parse(request.body).ms);
  });
  app.get('/calls', async (request) => {
    const { vendor } = requests.callsQuery.parse(request.query);
    if (vendor !== undefined) return admin.calls(vendor);
    return Object.fromEntries(VENDOR_NAMES.map((name) => [name, { ...admin.calls(name), calls: undefined }]));
  });
  app.delete('/calls', async () => admin.clearCalls());

  const time = () => ({ now: new Date(admin.clock.now()).toISOString(), offsetMs: admin.clock.offsetMs });
  app.get('/clock', async () => time());
  app.post('/clock', async (request) => {
    const body = requests.clockBody.parse(request.body);
    if ('offsetMs' in body) admin.clock.setOffset(body.offsetMs);
    else if ('advanceMs' in body) admin.clock.advance(body.advanceMs);
    else admin.clock.setOffset(body.now - Date.now());
    return time();
  });
}

function registerCompanyVerbs(app: FastifyInstance, { company }: SandboxAdmin): void {
  app.get('/company/people', async () => company.people);
  app.get('/company/people/:login', async (request) => company.person(pathParameter(request, 'login')));
  app.patch('/company/people/:login', async (request) =>
    company.updatePerson(pathParameter(request, 'login'), requests.personPatch.parse(request.body)),
  );
  app.post('/company/okta/status', async (request) => {
    const { login, status } = requests.oktaStatusBody.parse(request.body);
    return company.setOktaStatus(login, status);
  });
  app.post('/company/okta/groups', async (request) => {
    const { login, add, remove } = requests.oktaGroupsBody.parse(request.body);
    return company.changeOktaGroups(login, add, remove);
  });

  app.get('/company/shifts', async () => company.rota.shifts(company.now, company.now));
  app.post('/company/shifts/end', async (request) => {
    const { login, at } = requests.shiftEndBody.parse(request.body);
    company.endShifts(login, at);
  });
  app.post('/company/shifts/start', async (request) => {
    company.startShift(requests.shiftStartBody.parse(request.body));
  });

  app.get('/company/devices', async () => company.devices);
  app.post('/company/devices/:nodeId/posture', async (request) => {
    const { attributes, expiries } = requests.postureBody.parse(request.body);
    return company.changePosture(pathParameter(request, 'nodeId'), attributes, expiries);
  });
  app.patch('/company/devices/:nodeId', async (request) =>
    company.updateDevice(pathParameter(request, 'nodeId'), requests.devicePatch.parse(request.body)),
  );
  app.delete('/company/devices/:nodeId', async (request) => company.removeDevice(pathParameter(request, 'nodeId')));

  app.patch('/company/items/:key', async (request) =>
    company.updateItem(pathParameter(request, 'key'), requests.itemPatch.parse(request.body)),
  );
  app.put('/company/changes/:number', async (request) => {
    company.putChange({ number: pathParameter(request, 'number'), ...requests.changeBody.parse(request.body) });
  });
  app.put('/company/incidents/:number', async (request) => {
    const number = z.coerce.number().int().parse(pathParameter(request, 'number'));
    company.putIncident({ number, ...requests.incidentBody.parse(request.body) });
  });
}

function registerWebhookVerbs(app: FastifyInstance, admin: SandboxAdmin): void {
  app.post('/webhooks/okta/verify', async (request) =>
    admin.verifyOktaHook(requests.oktaHookTarget.parse(request.body)),
  );
  app.post('/webhooks/okta', async (request) => admin.sendOktaHook(requests.oktaHookBody.parse(request.body)));
  app.post('/webhooks/pagerduty', async (request) =>
    admin.sendPagerDutyWebhook(requests.pagerDutyWebhookBody.parse(request.body)),
  );
  app.post('/webhooks/tailscale', async (request) =>
    admin.sendTailscaleWebhook(requests.tailscaleWebhookBody.parse(request.body)),
  );
}
