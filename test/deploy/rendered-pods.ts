import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type Child, startChild } from '../../apps/sandbox/src/mesh/child.js';
import { pdpBinary } from '../../apps/sandbox/src/mesh/pdp.js';
import { perform, StageState, stagesOf } from './dockerfile-steps.js';
import { type Manifest, ROOT } from './helm.js';
import { PLACES, placesOfServices, takePorts, translate } from './local-places.js';
import { type ProbedContainer, passes, patienceMs } from './probe.js';
import type { Container, WorkloadSpec } from './workload-manifest.js';

/** One pod of each workload of the rendered manifests, as a process of this machine. */
export interface RenderedPod {
  readonly component: string;
  readonly container: Container;
  readonly probed: ProbedContainer;
  /** Folder of this machine for a path in the container. @throws Error for a path that is on no volume */
  path(inside: string): string;
  /** For how long it keeps answering before SIGTERM, and how long SIGTERM may take, in ms. */
  readonly preStopMs: number;
  readonly graceMs: number;
  /** Starts it and waits for its startup probe, or its readiness where it has none. */
  start(): Promise<Child>;
  /** Runs it to its end, as a Job. */
  run(): Promise<{ readonly code: number | null; readonly output: string }>;
}

export interface RenderedPodsOptions {
  readonly manifests: readonly Manifest[];
  /** Secrets that the chart expects to be made elsewhere, by name. */
  readonly secrets: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Folder that volumes are made in. */
  readonly folder: string;
}

export interface RenderedPods {
  readonly pods: ReadonlyMap<string, RenderedPod>;
  /** The pods of Jobs. */
  readonly jobs: ReadonlyMap<string, RenderedPod>;
  /** host:port of this machine for `service:port` of the cluster. @throws Error for a Service that leads nowhere */
  service(name: string): string;
}

/**
 * What differs between a container and a process of this machine, beside the ports that containers choose by their
 * environment: programs that take their ports from a file or an argument.
 */
const PROGRAMS: Readonly<Record<string, (port: (port: number) => number) => { program: string; more: string[] }>> = {
  'ghcr.io/cerbos/cerbos': (port) => ({
    program: pdpBinary(ROOT),
    more: [
      `--set=server.httpListenAddr=127.0.0.1:${port(3592)}`,
      `--set=server.grpcListenAddr=127.0.0.1:${port(3593)}`,
    ],
  }),
  'docker.io/library/redis': (port) => ({ program: '', more: ['--port', `${port(6379)}`, '--bind', '127.0.0.1'] }),
};
/** Commands of probes that ask a port of their own choice. */
const PROBE_COMMANDS: Readonly<Record<string, (port: (port: number) => number) => string[]>> = {
  'redis-cli': (port) => ['-p', `${port(6379)}`],
};
/** Takes the pods out of rendered manifests. @throws Error for what the kubelet would refuse: a Secret or key that is not there */
export async function renderedPods({ manifests, secrets, folder }: RenderedPodsOptions): Promise<RenderedPods> {
  const workloadsOf = (...kinds: string[]) =>
    manifests
      .filter(({ kind }) => kinds.includes(kind))
      .map(({ metadata, spec }) => ({ name: metadata.name, spec: spec as unknown as WorkloadSpec }));
  const workloads = workloadsOf('Deployment', 'StatefulSet');
  const ports = await takePorts(
    workloads.flatMap(({ name, spec }) =>
      spec.template.spec.containers.flatMap((container) =>
        (container.ports ?? []).map(({ containerPort }) => `${name} ${containerPort}`),
      ),
    ),
  );
  const services = placesOfServices(manifests, workloads, ports);
  const find = (kind: string, name: string) =>
    manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name === name);
  const secret = (name: string) => {
    const values = secrets[name] ?? find('Secret', name)?.stringData;
    if (values === undefined) throw new Error(`there is no Secret ${name}`);
    return values;
  };
  const configMap = (name: string) => {
    const data = find('ConfigMap', name)?.data;
    if (data === undefined) throw new Error(`there is no ConfigMap ${name}`);
    return data;
  };
  const key = (values: Readonly<Record<string, string>>, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`there is no key ${name}`);
    return value;
  };

  const podOf = ({ name, spec }: { readonly name: string; readonly spec: WorkloadSpec }): RenderedPod => {
    const [container] = spec.template.spec.containers;
    if (container === undefined) throw new Error(`${name} has no container`);
    const podFolder = join(folder, name);
    const portOf = (port: string | number): number => {
      const number = container.ports?.find((candidate) => candidate.name === port)?.containerPort ?? port;
      const here = ports.get(`${name} ${number}`);
      if (here === undefined) throw new Error(`${name} has no port ${port}`);
      return here;
    };
    const volumes = [
      ...(spec.template.spec.volumes ?? []),
      ...(spec.volumeClaimTemplates ?? []).map(({ metadata }) => ({ name: metadata.name })),
    ];
    const placesOf = (mounts: Container['volumeMounts'] = []) => [
      ...mounts.map(({ name: volume, mountPath }) => [mountPath, join(podFolder, volume)] as const),
      ...services,
      ...PLACES,
    ];
    for (const volume of volumes) {
      mkdirSync(join(podFolder, volume.name), { recursive: true });
      const data = 'configMap' in volume && volume.configMap ? configMap(volume.configMap.name) : {};
      if ('secret' in volume && volume.secret) {
        const { secretName, items } = volume.secret;
        const values = secret(secretName);
        for (const { key: from, path } of items ?? Object.keys(values).map((each) => ({ key: each, path: each }))) {
          writeFileSync(join(podFolder, volume.name, path), key(values, from));
        }
      }
      for (const [file, text] of Object.entries(data)) {
        writeFileSync(join(podFolder, volume.name, file), translate(text, placesOf(container.volumeMounts)));
      }
    }
    for (const { name: volume } of container.volumeMounts ?? []) {
      if (!volumes.some((candidate) => candidate.name === volume)) throw new Error(`${name} has no volume ${volume}`);
    }

    const environment = (of: Container): Record<string, string> => {
      const found: Record<string, string> = {};
      for (const { secretRef } of of.envFrom ?? []) Object.assign(found, secret(secretRef.name));
      for (const { name: variable, value, valueFrom } of of.env ?? []) {
        if (valueFrom?.secretKeyRef)
          found[variable] = key(secret(valueFrom.secretKeyRef.name), valueFrom.secretKeyRef.key);
        else if (valueFrom?.configMapKeyRef)
          found[variable] = key(configMap(valueFrom.configMapKeyRef.name), valueFrom.configMapKeyRef.key);
        else if (valueFrom?.fieldRef) found[variable] = `${name}-0`;
        // `$(NAME)` stands for a variable that was given before.
        else found[variable] = (value ?? '').replace(/\$\(([^)]+)\)/g, (text, other) => found[other] ?? text);
      }
      const own = (of.ports ?? []).map(({ containerPort }) => String(containerPort));
      return Object.fromEntries(
        Object.entries(found).map(([variable, value]) => [
          variable,
          own.includes(value) ? String(portOf(Number(value))) : translate(value, placesOf(of.volumeMounts)),
        ]),
      );
    };
    const command = (of: Container): { program: string; args: string[]; env: Record<string, string> } => {
      const app = /^(?:.+\/)?iris-([a-z-]+)[:@]/.exec(of.image)?.[1];
      const image = app === undefined ? undefined : imageOf();
      const program = PROGRAMS[of.image.replace(/[:@][^/]*$/, '')]?.(portOf);
      if (image === undefined && program === undefined) throw new Error(`there is no program for ${of.image}`);
      const args = (of.args ?? image?.command ?? [])
        .map((word) => (word === 'start.js' ? `dist/apps/${app}/src/main.js` : word))
        .map((text) => translate(text, placesOf(of.volumeMounts)));
      const [first = '', ...rest] =
        program?.program === '' ? args : [image?.program ?? program?.program ?? '', ...args];
      return {
        program: first,
        args: [...rest, ...(program?.more ?? [])],
        env: Object.fromEntries(
          Object.entries(image?.environment ?? {}).map(([variable, value]) => [variable, translate(value, PLACES)]),
        ),
      };
    };

    const probed: ProbedContainer = {
      port: portOf,
      command: ([word = '', ...words]) => [word, ...(PROBE_COMMANDS[word]?.(portOf) ?? []), ...words],
    };
    const preStopMs = (container.lifecycle?.preStop?.sleep?.seconds ?? 0) * 1000;
    const graceMs = spec.template.spec.terminationGracePeriodSeconds * 1000 - preStopMs;
    return {
      component: spec.template.metadata.labels['app.kubernetes.io/component'] ?? '',
      container,
      probed,
      path: (inside) => {
        const here = translate(inside, placesOf(container.volumeMounts));
        if (here === inside) throw new Error(`${inside} is on no volume of ${name}`);
        return here;
      },
      preStopMs,
      graceMs,
      start: async () => {
        for (const init of spec.template.spec.initContainers ?? []) {
          const { program, args, env } = command(init);
          execFileSync(program, args, { cwd: ROOT, env: { PATH: process.env.PATH, ...env, ...environment(init) } });
        }
        const { program, args, env } = command(container);
        const first = container.startupProbe ?? container.readinessProbe ?? {};
        return startChild({
          name,
          command: program,
          args,
          cwd: ROOT,
          env: { ...env, ...environment(container) },
          ready: () => passes(first, probed),
          startTimeoutMs: patienceMs(first),
          stopTimeoutMs: graceMs,
        });
      },
      run: async () => {
        const { program, args, env } = command(container);
        const child = spawn(program, args, {
          cwd: ROOT,
          env: { PATH: process.env.PATH, ...env, ...environment(container) },
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        const [[code], stdout, stderr] = await Promise.all([
          once(child, 'exit') as Promise<[number | null]>,
          text(child.stdout),
          text(child.stderr),
        ]);
        return { code, output: stdout + stderr };
      },
    };
  };

  const byComponent = (all: readonly RenderedPod[]) => new Map(all.map((pod) => [pod.component, pod]));
  return {
    pods: byComponent(workloads.map(podOf)),
    jobs: byComponent(workloadsOf('Job').map(podOf)),
    service: (name) => {
      const place = services.find(([inside]) => inside === name)?.[1];
      if (place === undefined) throw new Error(`there is no Service ${name}`);
      return place;
    },
  };
}

/** What a container of an app runs when its manifest states nothing, as the Dockerfile has it. */
function imageOf(): { program: string; command: readonly string[]; environment: Record<string, string> } {
  const image = stagesOf(readFileSync(join(ROOT, 'deploy/docker/Dockerfile'), 'utf8')).at(-1);
  const state = new StageState(ROOT);
  for (const instruction of image?.instructions ?? []) {
    if (['ENV', 'CMD'].includes(instruction.getKeyword())) {
      perform(instruction, state, { folder: ROOT, stages: new Map(), buildArguments: {} });
    }
  }
  return { program: process.execPath, command: state.command, environment: state.environment };
}
