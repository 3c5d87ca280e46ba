import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import { gunzipSync } from 'node:zlib';
import { environmentName } from '@iris/config';
import { eventually, startRedis, type TestRedis } from '@iris/context-cache/testing';
import type { EvidenceRecord } from '@iris/evidence';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { stringify } from 'yaml';
import type { Child } from '../../apps/sandbox/src/mesh/child.js';
import { type Sandbox, startSandbox } from '../../apps/sandbox/src/sandbox.js';
import { VENDOR_NAMES } from '../../apps/sandbox/src/vendor-name.js';
import { runIris } from '../cli/run-iris.js';
import { fateOf, PRODUCTION, postHook, preRequest, type TestCall } from '../e2e/hook-client.js';
import { manifests, presetFile, render } from './helm.js';
import { MeshAuthority } from './mesh-certificates.js';
import { passes, passesInTime } from './probe.js';
import { type RenderedPod, type RenderedPods, renderedPods } from './rendered-pods.js';
import { settingsOf } from './settings-of.js';

const SQL = 'mcp__postgres__execute_sql';

/** Sources that the trial is given here. Without PagerDuty nobody is known to be on call. */
const TRIED: readonly string[] = ['okta', 'workday', 'tailscale'];

let folder: string;
let sandbox: Sandbox;
let authority: MeshAuthority;
let siem: Server;
const delivered: EvidenceRecord[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'iris-rendered-'));
  authority = new MeshAuthority(folder);
  sandbox = await startSandbox();
  siem = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    delivered.push(...parseLines(gunzipSync(Buffer.concat(chunks)).toString('utf8')));
    response.end();
  });
  await new Promise<void>((resolve) => siem.listen(0, '127.0.0.1', resolve));
});

afterAll(async () => {
  siem?.close();
  await sandbox?.close();
  rmSync(folder, { recursive: true, force: true });
});

function parseLines(text: string): EvidenceRecord[] {
  const lines = text.split('\n').filter((line) => line !== '');
  const parsed = lines.map((line) => JSON.parse(line) as EvidenceRecord);
  // Heads of the chain are no records.
  return parsed.filter(({ schema }) => schema === 'iris.evidence.v1');
}

/** What a vendor's simulated API is reached by: what is secret for the Secret, the rest as settings of the chart. */
async function vendorParts(): Promise<{
  secrets: Record<string, Record<string, string>>;
  enrichers: Record<string, object>;
}> {
  const secrets: Record<string, Record<string, string>> = {};
  const enrichers: Record<string, { settings: Record<string, string> }> = {};
  for (const vendor of VENDOR_NAMES) {
    const schema = await settingsOf(`enricher-${vendor}`);
    const settings: Record<string, string> = {};
    const secret: Record<string, string> = {};
    const environment = sandbox.enricherEnvironment(vendor);
    for (const [key, { secret: isSecret }] of Object.entries(schema)) {
      const value = environment[environmentName(key)];
      if (value === undefined) continue;
      if (isSecret) secret[environmentName(key)] = value;
      else settings[key] = value;
    }
    secrets[`iris-${vendor}`] = secret;
    enrichers[vendor] = { settings };
  }
  return { secrets, enrichers };
}

/** Values over each preset: where the simulated APIs are, and for the trial what turns watching into enforcing. */
function overlay(preset: string, vendors: Record<string, object>): object {
  if (preset === 'production') {
    const { port } = siem.address() as AddressInfo;
    const egress = [{ ports: [{ port }] }];
    const settings = { 'httpSink.url': `http://127.0.0.1:${port}` };
    return {
      // Readiness follows the failure mode: with `open` a gateway without a PDP is ready.
      gateway: { settings: { 'failure.preRequest': 'open', 'failure.preToolUse': 'open' } },
      enrichers: vendors,
      auditor: { settings, egress },
      tls: { enabled: true },
      doctor: { hookKeySecret: 'iris-doctor' },
    };
  }
  const on = Object.entries(vendors).filter(([vendor]) => TRIED.includes(vendor));
  const enrichers = on.map(([vendor, parts]) => [
    vendor,
    { ...parts, enabled: true, secret: { existingSecret: `iris-${vendor}` } },
  ]);
  return { gateway: { mode: 'enforce' }, enrichers: Object.fromEntries(enrichers) };
}

/** A preset's pods, all started at once as a cluster does. */
class RenderedMesh {
  private constructor(
    readonly rendered: RenderedPods,
    readonly running: Map<string, Child>,
    private readonly key: string,
  ) {}

  static async start(preset: string, redis: TestRedis | undefined, key: string): Promise<RenderedMesh> {
    const { secrets, enrichers } = await vendorParts();
    const components = ['gateway', 'pdp', 'doctor', ...VENDOR_NAMES.map((vendor) => `enricher-${vendor}`)];
    const certificates = Object.fromEntries(
      components.map((component) => [`iris-${component}-tls`, authority.secretFor(`iris-${component}`)]),
    );
    const file = join(folder, `${preset}.yaml`);
    writeFileSync(file, stringify(overlay(preset, enrichers)));
    const rendered = await renderedPods({
      manifests: manifests(await render(['--values', presetFile(preset), '--values', file])),
      secrets: {
        ...secrets,
        ...(preset === 'production'
          ? {
              'iris-gateway': { IRIS_HOOK_KEYS: `aperture=${key}` },
              'iris-doctor': { IRIS_HOOK_KEY: key },
              ...certificates,
            }
          : {}),
        ...(redis === undefined ? {} : { 'iris-redis': { IRIS_REDIS_URL: redis.url } }),
      },
      folder: mkdtempSync(join(folder, `${preset}-`)),
    });
    const mesh = new RenderedMesh(rendered, new Map(), key);
    const starts = [...rendered.pods.values()].map(async (pod) => {
      mesh.running.set(pod.component, await pod.start());
    });
    const failed = (await Promise.allSettled(starts)).find((result) => result.status === 'rejected');
    if (failed === undefined) return mesh;
    await mesh.stop();
    throw failed.reason;
  }

  get url(): string {
    return `http://${this.rendered.service('iris-gateway:80')}`;
  }

  get headers(): Record<string, string> {
    return { authorization: `Bearer ${this.key}` };
  }

  pod(component: string): RenderedPod {
    const pod = this.rendered.pods.get(component);
    if (pod === undefined) throw new Error(`there is no ${component}`);
    return pod;
  }

  isReady(component: string): Promise<boolean> {
    const { container, probed } = this.pod(component);
    return passes(container.readinessProbe ?? {}, probed);
  }

  async ask(name: string, tool: string, input: TestCall['input']): Promise<string> {
    return fateOf(await postHook({ url: this.url }, hookOf(name, tool, input), { headers: this.headers }));
  }

  /** Runs the Job of `helm test`. */
  doctor(): Promise<{ readonly code: number | null; readonly output: string }> {
    const job = this.rendered.jobs.get('doctor');
    if (job === undefined) throw new Error('there is no Job of the doctor');
    return job.run();
  }

  /** Begins a hook; the gateway has its head, and gets its body when the returned function is called. */
  async begin(name: string, tool: string, input: TestCall['input']): Promise<() => Promise<string>> {
    const outgoing = request(`${this.url}/ext/aperture/pre_request`, {
      method: 'POST',
      headers: { ...this.headers, 'content-type': 'application/json', expect: '100-continue' },
    });
    const answered = once(outgoing, 'response');
    answered.catch(() => undefined);
    outgoing.flushHeaders();
    await once(outgoing, 'continue');
    return async () => {
      outgoing.end(JSON.stringify(hookOf(name, tool, input)));
      const [response] = (await answered) as [IncomingMessage];
      return fateOf({ status: response.statusCode ?? 0, body: JSON.parse(await text(response)), ms: 0 });
    };
  }

  async stop(): Promise<void> {
    await Promise.all([...this.running.values()].map((child) => child.stop()));
  }
}

/** The certificate that an HTTP/2 server shows. @throws Error when either side refuses the other's certificate */
async function shownCertificate(
  place: string,
  options: { readonly ca?: string; readonly cert?: string; readonly key?: string },
): Promise<{ subject: string; serial: string }> {
  const [host, port] = place.split(':');
  const socket = connect({ host, port: Number(port), ALPNProtocols: ['h2'], ...options });
  try {
    // Some servers send nothing before the client's preface and settings (RFC 9113, 3.4).
    socket.write(
      Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])]),
    );
    // The server judges the client's certificate after the client's handshake: its first frame proves the acceptance.
    const closed = once(socket, 'close').then(() => {
      throw new Error('ECONNRESET: closed without an alert');
    });
    await Promise.race([once(socket, 'data'), closed]);
    const { subject, serialNumber } = socket.getPeerCertificate();
    return { subject: String(subject.CN), serial: serialNumber };
  } finally {
    socket.destroy();
  }
}

function hookOf(name: string, tool: string, input: TestCall['input']): Record<string, unknown> {
  const login = `${name}@lumen.example`;
  const device = sandbox.admin.company.devices.find(({ user, tags }) => user === login && tags.length === 0);
  return preRequest({ login, tool, input, nodeId: device?.nodeId });
}

describe.each(['trial', 'production'])(
  'the pods that the preset %s renders, as processes of this machine',
  (preset) => {
    let redis: TestRedis | undefined;
    let mesh: RenderedMesh;

    beforeAll(async () => {
      redis = preset === 'trial' ? undefined : await startRedis();
      mesh = await RenderedMesh.start(preset, redis, preset === 'trial' ? 'change-me-please' : '0123456789abcdef');
    }, 240_000);

    afterAll(async () => {
      await mesh?.stop();
      await redis?.stop();
    }, 60_000);

    it('become ready and stay alive, by their probes', async () => {
      const told = await Promise.all(
        [...mesh.rendered.pods.values()].map(async ({ component, container, probed }) => {
          const { readinessProbe = {}, livenessProbe = {} } = container;
          return [component, await passesInTime(readinessProbe, probed), await passesInTime(livenessProbe, probed)];
        }),
      );
      expect(told).toEqual([...mesh.rendered.pods.keys()].map((component) => [component, true, true]));
    }, 90_000);

    it('answer hooks by policy and by the facts of the enrichers that are on', async () => {
      expect(await mesh.ask('ana', SQL, PRODUCTION)).toBe(preset === 'production' ? 'passed' : 'withheld');
      expect(await mesh.ask('ben', SQL, PRODUCTION)).toBe('withheld');
      expect(await mesh.ask('ben', 'Read', { file_path: '/x' })).toBe('passed');
      expect(await mesh.ask('ivo', 'Read', { file_path: '/x' })).toBe('withheld');
    }, 30_000);

    it('pass the doctor, whose Job runs with the image of the command line', async () => {
      const { code, output } = await mesh.doctor();
      expect(output).toContain('✓ gateway: answers');
      // One row of the simulated ServiceNow cannot be used, which the doctor reports.
      const leftOut = preset === 'production' ? ['  source_rows_left_out (servicenow)'] : [];
      expect([code, output.match(/^ {2}[a-z_]+ \([^)]*\)/gm) ?? []]).toEqual([leftOut.length, leftOut]);
    }, 60_000);

    it('record the first decision, which iris why explains', async () => {
      const denied = await eventually(async () => {
        const record = recordsOf().find(({ effect, requestId }) => effect === 'DENY' && requestId !== undefined);
        if (record === undefined) throw new Error('no denial is recorded yet');
        return record;
      });
      const file = join(folder, `${preset}-evidence.jsonl`);
      writeFileSync(
        file,
        recordsOf()
          .map((record) => `${JSON.stringify(record)}\n`)
          .join(''),
      );
      const { code, out } = await runIris(['why', denied.requestId ?? '', file]);
      expect(code).toBe(0);
      for (const text of [denied.principal.id, denied.action ?? '', 'DENY', denied.reason, denied.traceId ?? '']) {
        expect(out).toContain(text);
      }
    }, 60_000);

    if (preset === 'production') {
      it('speak TLS among themselves, to clients with a certificate of the authority only', async () => {
        const place = mesh.rendered.service('iris-enricher-okta:50051');
        const ca = authority.secretFor('stranger')['ca.crt'];
        await expect(shownCertificate(place, { ca })).rejects.toThrow(/alert|ECONNRESET/);
        const stranger = new MeshAuthority(folder).secretFor('stranger');
        await expect(
          shownCertificate(place, { ca, cert: stranger['tls.crt'], key: stranger['tls.key'] }),
        ).rejects.toThrow(/alert|ECONNRESET/);
        const pdp = await shownCertificate(mesh.rendered.service('iris-pdp:3593'), { ca });
        expect(pdp.subject).toBe('iris-pdp');
      }, 30_000);

      it('show a renewed certificate without a restart, and keep the last one while files do not belong together', async () => {
        const place = mesh.rendered.service('iris-enricher-okta:50051');
        const client = authority.secretFor('iris-gateway');
        const options = { ca: client['ca.crt'], cert: client['tls.crt'], key: client['tls.key'] };
        const before = await shownCertificate(place, options);
        const renewed = authority.secretFor('iris-enricher-okta');
        const mounted = (name: string) => mesh.pod('enricher-okta').path(`/etc/iris-tls/${name}`);
        writeFileSync(mounted('tls.crt'), renewed['tls.crt'] ?? '');
        await eventually(async () =>
          expect(mesh.running.get('enricher-okta')?.output.join('\n')).toContain('certificate files'),
        );
        expect(await shownCertificate(place, options)).toEqual(before);
        writeFileSync(mounted('tls.key'), renewed['tls.key'] ?? '');
        await eventually(async () => expect((await shownCertificate(place, options)).serial).not.toBe(before.serial));
      }, 60_000);
    }

    if (preset === 'production') {
      it('stay ready without the PDP where failures are open, which readiness states', async () => {
        await mesh.running.get('pdp')?.stop();
        await eventually(async () => {
          const readiness = await fetch(`${mesh.url}/readyz`, { headers: mesh.headers });
          expect(await readiness.json()).toMatchObject({ pdp: { ready: false } });
        });
        expect(await mesh.isReady('gateway')).toBe(true);
        mesh.running.set('pdp', await mesh.pod('pdp').start());
        await eventually(async () => {
          const readiness = await fetch(`${mesh.url}/readyz`, { headers: mesh.headers });
          expect(await readiness.json()).toMatchObject({ pdp: { ready: true } });
        });
      }, 180_000);
    }

    if (preset === 'trial') {
      it('stay ready without an enricher, and are not ready without the PDP', async () => {
        const enricher = 'enricher-tailscale';
        await mesh.running.get(enricher)?.stop();
        expect(await mesh.isReady('gateway')).toBe(true);
        const { code, output } = await mesh.doctor();
        expect([code, output]).toEqual([1, expect.stringContaining('enricher_unreachable')]);
        mesh.running.set(enricher, await mesh.pod(enricher).start());

        await mesh.running.get('pdp')?.stop();
        await eventually(async () => expect(await mesh.isReady('gateway')).toBe(false));
        mesh.running.set('pdp', await mesh.pod('pdp').start());
        await eventually(async () => expect(await mesh.isReady('gateway')).toBe(true));
      }, 180_000);
    }

    it('end inside their grace period: what is in flight is answered first, and its evidence delivered', async () => {
      const hooks = await Promise.all(Array.from({ length: 8 }, () => mesh.begin('ben', 'Read', { file_path: '/x' })));
      mesh.running.get('gateway')?.signal('SIGTERM');
      expect(await Promise.all(hooks.map((finish) => finish()))).toEqual(hooks.map(() => 'passed'));
      expect(await mesh.running.get('gateway')?.stop()).toBe(0);
      await eventually(async () => expect(new Set(recordsOf().map(({ id }) => id)).size).toBe(4 + hooks.length));
      const codes = [...mesh.running].map(async ([component, child]) => [component, await child.stop()]);
      expect(await Promise.all(codes)).toEqual([...mesh.running.keys()].map((component) => [component, 0]));
    }, 120_000);

    function recordsOf(): EvidenceRecord[] {
      if (preset === 'production') return delivered;
      const sink = mesh.pod('auditor').path('/var/lib/iris/evidence');
      const files = readdirSync(sink, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.jsonl'));
      return files.flatMap((name) => parseLines(readFileSync(join(sink, name), 'utf8')));
    }
  },
);
