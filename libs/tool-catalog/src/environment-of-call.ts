import type { JsonObject } from '@iris/contracts';
import type { CompiledEntry, SourceKind } from './compiled-entry.js';
import { connectionTargets } from './connection-strings/connection-targets.js';
import { hostAndPort } from './connection-strings/host-port.js';
import {
  type EnvironmentRules,
  NOT_RECOGNISED,
  type Recognition,
  raisedBy,
  recogniseHost,
  recogniseName,
  recogniseOwnHost,
  stricter,
} from './environment.js';
import { parameterPaths, readParameters } from './parameter-values.js';

/** One thing that was looked at to tell the environment. Never holds a user, a password or a whole connection string. */
export interface EnvironmentClue {
  /** Path of the parameter; `(server)` for the server, `(declared)` for the value of the catalog. */
  readonly parameter: string;
  /** Host or name that was recognised or not; absent when it cannot be shown. */
  readonly value?: string;
  /** Absent when not recognised. */
  readonly environment?: string;
  /** Pattern or listed host that decided. */
  readonly by?: string;
  /** `decides`: the call really goes there; `raises`: it can only make the environment stricter. */
  readonly weight: 'decides' | 'raises';
}

export interface EnvironmentReading {
  readonly environment?: string;
  readonly clues: readonly EnvironmentClue[];
  /** Whether a parameter is written in two ways with different values. */
  readonly ambiguous: boolean;
}

const PORT = parameterPaths(['port']);
const INNER_PORT = parameterPaths(['connection.port', 'connections.port']);
const LOCAL = /^\s*(?:localhost|127\.0\.0\.1|\[::1\])\.?\s*$/i;

interface Weighed extends Omit<EnvironmentClue, 'environment' | 'by'> {
  readonly recognition: Recognition;
}

/**
 * The environment that a call goes to. Only a parameter that the tool really uses can show that it is not production, and
 * each of its values must be recognised; hints, the name of the server and names inside a connection string only raise.
 *
 * @param tool name of the tool on its server
 * @param params undefined when they are not known: then only the most restrictive environment is told
 */
export function environmentOfCall(
  entry: CompiledEntry,
  rules: EnvironmentRules,
  tool: string,
  server: string | undefined,
  params: JsonObject | undefined,
): EnvironmentReading {
  const { environment } = entry.document;
  if (environment === undefined) return { clues: [], ambiguous: false };
  const weighed: Weighed[] = [];
  let blind = params === undefined;
  let ambiguous = false;
  for (const { kind, paths, tools } of entry.sources) {
    if (tools && !tools.some((pattern) => pattern.matches(tool))) continue;
    const read = readParameters(params ?? {}, paths);
    blind ||= read.unreadable;
    // An address that is not known opens nothing on a database, but any page of the web: so this one is the strictest.
    if (read.unreadable && kind === 'urls') {
      weighed.push({ parameter: '(not read)', recognition: { rank: 0 }, weight: 'raises' });
    }
    ambiguous ||= read.ambiguous;
    for (const { path, text } of read.values) weighed.push(...weigh(kind, rules, path, text));
    const local = kind === 'hosts' ? read.values.find(({ text }) => LOCAL.test(text)) : undefined;
    if (local === undefined) continue;
    // A port beside a local host may be that of a tunnel.
    const ports = readParameters(params ?? {}, PORT);
    blind ||= ports.unreadable;
    for (const { path, text } of [...ports.values, ...readParameters(params ?? {}, INNER_PORT).values]) {
      weighed.push(...weigh(kind, rules, path, `${local.text}:${text}`));
    }
  }
  const decides = weighed.filter(({ weight }) => weight === 'decides');
  if (decides.length === 0) {
    const rank = rules.environments.findIndex(({ name }) => name === environment.always);
    if (rank === -1) blind = true;
    else weighed.push({ parameter: '(declared)', recognition: { rank }, weight: 'decides' });
  }
  const hints = readParameters(params ?? {}, entry.hints);
  blind ||= hints.unreadable;
  ambiguous ||= hints.ambiguous;
  for (const { path, text } of hints.values) weighed.push(raise(rules, path, text));
  if (server !== undefined) weighed.push(raise(rules, '(server)', server));

  const best = weighed.reduce((strictest, { recognition }) => stricter(strictest, recognition), NOT_RECOGNISED);
  blind ||= decides.some(({ recognition }) => recognition.rank === Number.POSITIVE_INFINITY);
  return {
    environment: blind && best.rank > 0 ? undefined : rules.environments[best.rank]?.name,
    clues: weighed.map(({ recognition, ...clue }) => ({
      ...clue,
      environment: rules.environments[recognition.rank]?.name,
      by: recognition.by,
    })),
    ambiguous,
  };
}

/** The environment of a web address, for a host that belongs to the organisation or is listed. */
export function recogniseUrl(rules: EnvironmentRules, text: string): { host?: string; recognition: Recognition } {
  const read = connectionTargets(text);
  const whatwg = hostOfUrl(text);
  const strict = read === 'unrecognised' ? undefined : read.hosts[0];
  // Readers disagree on where the host of such a text ends, so all of its authority may raise.
  const authority = /^[^:]*:[/\\]*([^/?#]*)/.exec(text)?.[1] ?? text;
  const alarm = strict === undefined ? raisedBy(rules.environments.slice(0, 1), authority) : NOT_RECOGNISED;
  const hosts = [strict, whatwg].filter((host) => host !== undefined);
  const recognition = hosts
    .map((host) => recogniseOwnHost(rules, host))
    .reduce((one, other) => stricter(one, other), alarm);
  // What only one reader understands may raise, and excludes nothing.
  const isSure = strict !== undefined || recognition.rank === 0;
  return { host: strict ?? whatwg, recognition: isSure ? recognition : NOT_RECOGNISED };
}

/** What the target of a command is: a host with or without a port, a connection string, a web address, or a name. */
export type TargetKind = 'host' | 'connection' | 'url' | 'name';

/** The environment of the target of a command. Names inside of a connection string only raise. */
export function recogniseTarget(rules: EnvironmentRules, text: string, kind: TargetKind): Recognition {
  if (kind === 'host') return recogniseHost(rules, text);
  const clues = weigh(kind === 'connection' ? 'hosts' : kind === 'url' ? 'urls' : 'names', rules, '', text);
  const decides = clues.filter(({ weight }) => weight === 'decides');
  const best = clues.reduce((strictest, { recognition }) => stricter(strictest, recognition), NOT_RECOGNISED);
  const isBlind =
    decides.length === 0 || decides.some(({ recognition }) => recognition.rank === Number.POSITIVE_INFINITY);
  return isBlind && best.rank > 0 ? NOT_RECOGNISED : best;
}

function weigh(kind: SourceKind, rules: EnvironmentRules, parameter: string, text: string): Weighed[] {
  if (kind === 'names') {
    const isShown = /^[\w.:/@-]{1,200}$/.test(text) && !/:[^/]*@/.test(text);
    return [
      { parameter, value: isShown ? text : undefined, recognition: recogniseName(rules, text), weight: 'decides' },
    ];
  }
  if (kind === 'urls') {
    // Readers of URLs leave out tabs and line breaks, also inside of a host: WHATWG URL, basic URL parser.
    const plain = text.replace(/[\t\r\n]/g, '');
    return [...new Set([...urlsIn(text), ...(plain === text ? [] : urlsIn(plain))])].map((url) => {
      const { host, recognition } = recogniseUrl(rules, url);
      return { parameter, value: host, recognition, weight: 'decides' };
    });
  }
  const read = connectionTargets(text);
  if (read === 'unrecognised') {
    const alarm = raisedBy(rules.environments.slice(0, 1), `${text}\n${decoded(text)}`);
    return [{ parameter, recognition: alarm, weight: 'decides' }];
  }
  return [
    ...read.hosts.map((host): Weighed => {
      return { parameter, value: host, recognition: recogniseHost(rules, host), weight: 'decides' };
    }),
    ...read.names.map((name): Weighed => raise(rules, parameter, name)),
  ];
}

const AUTHORITY = /[a-z][a-z0-9+.-]{0,30}:[/\\]{2}[^/?#\s"'<>`\\]*/gi;

/** The address itself, and those inside it: in the text of a prompt or script, or behind a service that fetches. */
function urlsIn(text: string): string[] {
  const inside = text.match(AUTHORITY) ?? [];
  if (/^\s*[a-z][a-z0-9+.-]*:/i.test(text)) return [text, ...inside.filter((url) => !text.startsWith(url))];
  // Tools add the scheme to a bare host.
  return [...inside, ...(/^[^\s/?#:]+(:\d+)?([/?#]|$)/.test(text) ? [`https://${text}`] : [])];
}

function raise({ environments }: EnvironmentRules, parameter: string, text: string): Weighed {
  return { parameter, recognition: raisedBy(environments, text), weight: 'raises' };
}

function hostOfUrl(text: string): string | undefined {
  return URL.canParse(text) ? hostAndPort(new URL(text).host) : undefined;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
