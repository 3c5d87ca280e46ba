import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Client, credentials, Metadata, makeClientConstructor } from '@grpc/grpc-js';
import { service as healthService } from 'grpc-health-check';

/** A probe of a container, as Kubernetes has it. */
export interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string | number; readonly scheme?: 'HTTP' | 'HTTPS' };
  readonly grpc?: { readonly port: number; readonly service?: string };
  readonly tcpSocket?: { readonly port: string | number };
  readonly exec?: { readonly command: readonly string[] };
  readonly initialDelaySeconds?: number;
  readonly periodSeconds?: number;
  readonly timeoutSeconds?: number;
  readonly failureThreshold?: number;
}

/** Where a probe reaches its container. */
export interface ProbedContainer {
  /** Port of this machine for a named or numbered port of the container. @throws Error for a port it has not */
  port(port: string | number): number;
  /** The command as it is run on this machine. */
  command(command: readonly string[]): readonly string[];
}

const POLL_MS = 100;
const HealthClient = makeClientConstructor(healthService, 'Health');

interface HealthCalls {
  check(
    request: { readonly service: string },
    metadata: Metadata,
    options: { readonly deadline: number },
    callback: (error: Error | null, reply?: { readonly status: string }) => void,
  ): void;
}

/** Runs a probe once, with its own timeout. Source: https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/ */
export async function passes(probe: Probe, container: ProbedContainer): Promise<boolean> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
  try {
    if (probe.httpGet !== undefined) {
      const { path, port, scheme = 'HTTP' } = probe.httpGet;
      const url = `${scheme.toLowerCase()}://127.0.0.1:${container.port(port)}${path}`;
      const status = await statusOf(url, timeoutMs);
      return status >= 200 && status < 400;
    }
    if (probe.grpc !== undefined) {
      return (await healthOf(container.port(probe.grpc.port), probe.grpc.service ?? '', timeoutMs)) === 'SERVING';
    }
    if (probe.tcpSocket !== undefined) return await accepts(container.port(probe.tcpSocket.port), timeoutMs);
    const [program = '', ...args] = container.command(probe.exec?.command ?? []);
    await promisify(execFile)(program, args, { timeout: timeoutMs });
    return true;
  } catch {
    return false;
  }
}

/**
 * Repeats a probe until it passes, for as long as Kubernetes waits before it acts: `failureThreshold` periods.
 *
 * @returns whether it passed
 */
export async function passesInTime(probe: Probe, container: ProbedContainer): Promise<boolean> {
  const endsAt = Date.now() + patienceMs(probe);
  while (!(await passes(probe, container))) {
    if (Date.now() > endsAt) return false;
    await sleep(POLL_MS);
  }
  return true;
}

/** For how long a probe may fail before Kubernetes acts on it, in ms. */
export function patienceMs(probe: Probe): number {
  return ((probe.initialDelaySeconds ?? 0) + (probe.failureThreshold ?? 3) * (probe.periodSeconds ?? 10)) * 1000;
}

/** The kubelet does not verify the certificate of an HTTPS probe. */
async function statusOf(url: string, timeoutMs: number): Promise<number> {
  const signal = AbortSignal.timeout(timeoutMs);
  const outgoing = url.startsWith('https:')
    ? httpsRequest(url, { rejectUnauthorized: false, signal })
    : request(url, { signal });
  const [response] = (await once(outgoing.end(), 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode ?? 0;
}

async function healthOf(port: number, service: string, timeoutMs: number): Promise<string> {
  const client = new HealthClient(`127.0.0.1:${port}`, credentials.createInsecure()) as unknown as Client & HealthCalls;
  try {
    return await new Promise((resolve, reject) =>
      client.check({ service }, new Metadata(), { deadline: Date.now() + timeoutMs }, (error, reply) =>
        error === null && reply !== undefined ? resolve(reply.status) : reject(error),
      ),
    );
  } finally {
    client.close();
  }
}

function accepts(port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: timeoutMs });
    const end = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
  });
}
