import type { SystemOfHost } from '@iris/tool-catalog';
import type { CallEffects, Complexity, Effect, Opaque, Operation } from './effect.js';
import { hostsIn, MAX_HOSTS } from './host-scan.js';
import type { EffectLimits } from './limits.js';
import type { Program, Programs } from './programs.js';
import { combinedEnvironment, type EnvironmentOf, hostOf, shownTarget, type Target } from './target.js';

/** An effect before its environment is known. */
export interface FoundEffect {
  readonly program: string;
  readonly system: string;
  readonly category: string;
  readonly operation: Operation;
  readonly targets: readonly Target[];
  readonly advice?: string;
  readonly via: readonly string[];
  readonly opaque?: readonly Opaque[];
  readonly span?: Effect['span'];
}

/** Shell effects need no check of their own, so only some of them are listed. */
const MAX_SHELL_EFFECTS = 20;

/** Categories of what happens on the machine of the engineer, whatever the names of its files. */
const LOCAL_CATEGORIES: ReadonlySet<string> = new Set(['shell', 'files']);

/** Collects the effects of one call, and counts what its reading costs. */
export class EffectList {
  readonly #effects = new Map<string, Effect>();
  readonly #opaque = new Set<Opaque>();
  readonly #texts: { readonly text: string; readonly isCode: boolean }[] = [];
  #complexity: Complexity | undefined;
  #shell = 0;
  #steps = 0;

  constructor(
    readonly programs: Programs,
    readonly environmentOf: EnvironmentOf,
    readonly limits: EffectLimits,
  ) {}

  /** Whether reading continues. A call beyond a limit is denied, so what else it does is of no interest. */
  get stopped(): boolean {
    return this.#complexity !== undefined;
  }

  /** Counts work; false when there was too much. */
  step(count = 1): boolean {
    this.#steps += count;
    if (this.#steps > this.limits.maxSteps) this.stop('too_many');
    return !this.stopped;
  }

  stop(complexity: Complexity): void {
    this.#complexity ??= complexity;
  }

  /** Marks a part that cannot be read. */
  obscure(...kinds: Opaque[]): void {
    for (const kind of kinds) this.#opaque.add(kind);
  }

  /** Adds a text in which production hosts count once any part of the call cannot be read. */
  scan(text: string): void {
    this.#texts.push({ text, isCode: false });
  }

  /** Adds code, in which names without a dot may be hosts too. */
  scanCode(text: string): void {
    this.#texts.push({ text, isCode: true });
  }

  find(name: string): Program | undefined {
    return this.programs.find(name);
  }

  add({ targets, ...found }: FoundEffect): void {
    if (this.stopped) return;
    const environment = LOCAL_CATEGORIES.has(found.category)
      ? undefined
      : combinedEnvironment(targets, this.programs.environments, this.environmentOf);
    const isProduction = environment !== undefined && environment === this.programs.environments[0];
    const reached = found.category === 'web' ? this.#systemOf(targets) : undefined;
    const system = reached?.system ?? found.system;
    const category =
      reached?.category ?? (found.category === 'web' && isProduction ? 'infrastructure' : found.category);
    const shown = this.#shown(targets);
    const key = [found.program, system, category, found.operation, environment, shown].join('\0');
    const existing = this.#effects.get(key);
    const opaque = [...new Set([...(existing?.opaque ?? []), ...(found.opaque ?? [])])];
    this.obscure(...opaque);
    if (existing) {
      this.#effects.set(key, { ...existing, opaque });
      return;
    }
    if (category === 'shell') {
      this.#shell += 1;
      if (this.#shell > MAX_SHELL_EFFECTS) return;
    } else if (this.#effects.size - Math.min(this.#shell, MAX_SHELL_EFFECTS) >= this.limits.maxEffects) {
      this.stop('too_many');
      return;
    }
    const { program, operation, advice, via, span } = found;
    this.#effects.set(key, {
      program,
      system,
      category,
      operation,
      ...(environment !== undefined && { environment }),
      ...(shown !== undefined && { target: shown }),
      ...(environment === undefined && advice !== undefined && { advice }),
      via,
      opaque,
      ...(span && { span }),
    });
  }

  /** The target that decides: what the program goes to, else what raises it to production. */
  #shown(targets: readonly Target[]): string | undefined {
    const [production] = this.programs.environments;
    const raises = ({ text, kind }: Target) => this.environmentOf(text, kind) === production;
    const target = targets.find(raises) ?? targets.find(({ doubtful }) => !doubtful);
    const shown = target && shownTarget(target);
    return shown === undefined || /^…*$/.test(shown) ? undefined : shown;
  }

  result(): CallEffects {
    if (!this.stopped && this.#opaque.size > 0) this.#addHiddenReach();
    return {
      effects: [...this.#effects.values()],
      opaque: [...this.#opaque],
      ...(this.#complexity && { complexity: this.#complexity }),
    };
  }

  /** The listed system that a web address leads to, directly or behind another host. */
  #systemOf(targets: readonly Target[]): SystemOfHost | undefined {
    for (const { text } of targets) {
      for (const host of [...hostOf(text).split(','), ...hostsIn(text)]) {
        const system = this.programs.systemOf(host.replace(/:\d+$|\.$/g, '').toLowerCase());
        if (system !== undefined) return system;
      }
    }
    return undefined;
  }

  /** What cannot be read may reach whatever production host or listed system the call names. */
  #addHiddenReach(): void {
    const opaque = [...this.#opaque];
    for (const { text, isCode } of this.#texts) this.addReach('opaque', text, [], { labels: isCode, opaque });
  }

  /**
   * Adds the production host and the listed systems that a text names, for what may go to any of them.
   *
   * @param labels whether names without a dot are hosts too
   * @param kind `url` for hosts of the organisation alone, where other words with a dot are no hosts
   */
  addReach(
    program: string,
    text: string,
    via: readonly string[],
    {
      labels = false,
      kind = 'host',
      opaque = [],
    }: { readonly labels?: boolean; readonly kind?: 'host' | 'url'; readonly opaque?: readonly Opaque[] } = {},
  ): void {
    const [production] = this.programs.environments;
    const hosts = hostsIn(text, labels);
    if (hosts.length > MAX_HOSTS) this.stop('too_many');
    const reached = new Set<string>();
    for (const host of hosts) {
      if (this.stopped) return;
      const isProduction = this.environmentOf(host, kind) === production;
      const system = this.programs.systemOf(host) ?? (isProduction ? UNLISTED_PRODUCTION : undefined);
      if (system === undefined || reached.has(system.system)) continue;
      reached.add(system.system);
      const targets: Target[] = [{ text: host, kind: 'host', doubtful: false }];
      this.add({ program, ...system, operation: 'execute', targets, via, opaque });
    }
  }
}

const UNLISTED_PRODUCTION: SystemOfHost = { system: 'unknown', category: 'infrastructure' };
