import type { Manifest } from './helm.js';

interface SecurityContext {
  readonly privileged?: boolean;
  readonly allowPrivilegeEscalation?: boolean;
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
  readonly procMount?: string;
  readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] };
  readonly seccompProfile?: { readonly type?: string };
  readonly appArmorProfile?: { readonly type?: string };
  readonly seLinuxOptions?: { readonly type?: string; readonly user?: string; readonly role?: string };
  readonly windowsOptions?: { readonly hostProcess?: boolean };
  readonly sysctls?: readonly object[];
}

interface Container {
  readonly name: string;
  readonly securityContext?: SecurityContext;
  readonly ports?: readonly { readonly hostPort?: number }[];
}

export interface PodSpec {
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly hostIPC?: boolean;
  readonly securityContext?: SecurityContext;
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
  readonly volumes?: readonly (Readonly<Record<string, unknown>> & { readonly name: string })[];
}

/** Volume sources that the profile admits. */
const VOLUMES = new Set(
  'configMap csi downwardAPI emptyDir ephemeral persistentVolumeClaim projected secret'.split(' '),
);
const SELINUX_TYPES = ['', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t'];
const SECCOMP = ['RuntimeDefault', 'Localhost'];

/** The pod spec of a workload; undefined for a manifest that makes no pods. */
export function podSpecOf({ kind, spec }: Manifest): PodSpec | undefined {
  if (kind === 'Pod') return spec as unknown as PodSpec;
  const template = (spec as unknown as { template?: { spec?: PodSpec } } | undefined)?.template;
  return template?.spec?.containers === undefined ? undefined : template.spec;
}

/**
 * Holds the pods of a manifest against the profile "restricted", which admission enforces by namespace label.
 * Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/
 *
 * @returns one line for each error
 */
export function faultsAgainstRestrictedProfile(manifest: Manifest): string[] {
  const pod = podSpecOf(manifest);
  if (pod === undefined) return [];
  const problems: string[] = [];
  const context = pod.securityContext ?? {};
  if (pod.hostNetwork || pod.hostPID || pod.hostIPC) problems.push('uses a namespace of the host');
  if (context.sysctls !== undefined) problems.push('sets sysctls');
  problems.push(...sharedProblems(context));
  for (const { name, ...source } of pod.volumes ?? []) {
    const types = Object.keys(source);
    if (types.length !== 1 || !VOLUMES.has(types[0] ?? '')) problems.push(`volume ${name} is a ${types.join()}`);
  }
  for (const container of [...(pod.initContainers ?? []), ...pod.containers]) {
    problems.push(...containerProblems(container, context).map((problem) => `${container.name} ${problem}`));
  }
  return problems.map((problem) => `${manifest.kind} ${manifest.metadata.name}: ${problem}`);
}

function containerProblems({ securityContext: own = {}, ports = [] }: Container, pod: SecurityContext): string[] {
  const problems = sharedProblems(own);
  if (own.privileged) problems.push('is privileged');
  if (own.allowPrivilegeEscalation !== false) problems.push('may escalate privileges');
  if ((own.runAsNonRoot ?? pod.runAsNonRoot) !== true) problems.push('may run as root');
  if (!own.capabilities?.drop?.includes('ALL')) problems.push('keeps capabilities');
  if (own.capabilities?.add?.some((name) => name !== 'NET_BIND_SERVICE')) problems.push('adds capabilities');
  if (!SECCOMP.includes((own.seccompProfile ?? pod.seccompProfile)?.type ?? ''))
    problems.push('has no seccomp profile');
  if ((own.procMount ?? 'Default') !== 'Default') problems.push('unmasks /proc');
  if (ports.some(({ hostPort = 0 }) => hostPort !== 0)) problems.push('takes a port of the host');
  return problems;
}

function sharedProblems({
  runAsUser,
  seccompProfile,
  appArmorProfile,
  seLinuxOptions = {},
  windowsOptions,
}: SecurityContext): string[] {
  const problems: string[] = [];
  if (runAsUser === 0) problems.push('runs as root');
  if (seccompProfile !== undefined && !SECCOMP.includes(seccompProfile.type ?? '')) problems.push('is unconfined');
  if (appArmorProfile?.type === 'Unconfined') problems.push('has no AppArmor profile');
  if (!SELINUX_TYPES.includes(seLinuxOptions.type ?? '')) problems.push('has an SELinux type of its own');
  if (seLinuxOptions.user || seLinuxOptions.role) problems.push('has an SELinux user or role of its own');
  if (windowsOptions?.hostProcess) problems.push('is a process of the host');
  return problems;
}
