import { hostsIn } from '../host-scan.js';
import type { Program } from '../programs.js';
import type { Reading } from '../reading.js';
import type { ShellWord } from '../shell/shell-words.js';
import { hostOf, isLocal, type Target, UNKNOWN_PART } from '../target.js';
import { type Arguments, type BareWord, valuesOf } from './read-arguments.js';

const UNKNOWN_TARGET: Target = { text: UNKNOWN_PART, kind: 'name', doubtful: false };

/** Bare words that a program takes as its target. */
export interface PositionalTargets {
  readonly targets: readonly Target[];
  /** Words that are used as targets, so that they are no verb or command. */
  readonly used: readonly BareWord[];
}

/**
 * Where a program goes: options, bare words and environment; else its default. Several targets are all kept: the
 * strictest decides.
 */
export function findTargets(given: Arguments, program: Program, reading: Reading): Target[] {
  const { target } = program.document;
  const args = target?.leading ? leadingOnly(given) : given;
  if (target === undefined) return [...(reading.remote ?? []), ...namedHosts(args)];
  const kind = kindOf(program);
  const main: Target[] = [
    ...valuesOf(args, target.options).map(({ value, doubtful }) => ({
      ...hostOption(value.text, kind),
      // With a default, a wrong reading of an option can only raise.
      doubtful: doubtful && target.default === undefined,
    })),
    ...valuesOf(args, target.hosts?.options).map(({ value, doubtful }) => asAddress(value.text, doubtful)),
    ...environmentTargets(target.hosts?.env, reading, 'connection'),
    ...valuesOf(args, target.connection).map(({ value: { text } }) => connectionOrName(text)),
    ...valuesOf(args, target.forwards).flatMap(({ value }) => forwarded(value.text)),
    ...positionalTargets(args, program).targets,
    ...environmentTargets(target.env, reading, kind),
  ];
  const fallback = [
    ...valuesOf(args, target.fallback?.options).map(({ value, doubtful }) => asName(value.text, doubtful)),
    ...environmentTargets(target.fallback?.env, reading, 'name'),
  ];
  const isMainGiven = main.some(({ doubtful }) => !doubtful);
  const raising = [
    ...valuesOf(args, target.hints?.options).map(({ value }) => asName(value.text, true)),
    ...environmentTargets(target.hints?.env, reading, 'name').map((each) => ({ ...each, doubtful: true })),
    ...namedHosts(args),
  ];
  const found = [
    ...main,
    ...fallback.map((each) => (isMainGiven ? { ...each, doubtful: true } : each)),
    ...raising,
  ].map((each) => withPort(each, args, program, reading));
  if (args.hides) found.push(UNKNOWN_TARGET);
  if (found.some(({ doubtful }) => !doubtful)) return found.flatMap((each) => seenFrom(each, reading.remote));
  if (target.default === undefined || reading.hasUnknownDefaults) return found;
  const local: Target = { text: target.default, kind: 'host', doubtful: false };
  return [...found, ...seenFrom(withPort(local, args, program, reading), reading.remote)];
}

function leadingOnly(args: Arguments): Arguments {
  return { ...args, options: args.options.filter(({ leading }) => leading), hides: args.hidesLeading };
}

function kindOf({ document: { target, category } }: Program): Target['kind'] {
  if (target?.kind !== undefined) return target.kind;
  if (target?.positional === 'connection' || category === 'database') return 'connection';
  return target?.positional === 'host' || target?.positional === 'remote' ? 'host' : 'name';
}

/** A directory is that of a local socket. */
function hostOption(text: string, kind: Target['kind']): Pick<Target, 'text' | 'kind'> {
  if (kind === 'connection' && /^\/[\w./-]*$/.test(text)) return { text: 'localhost', kind: 'host' };
  return { text, kind: kindOfText(text, kind) };
}

/** An address is never taken for a name, in which any part may say the environment. */
function kindOfText(text: string, kind: Target['kind']): Target['kind'] {
  if (kind === 'connection') return looksLikeConnection(text) ? 'connection' : 'host';
  return kind !== 'url' && text.includes('://') ? 'connection' : kind;
}

function asAddress(text: string, doubtful: boolean): Target {
  return { text, kind: kindOfText(text, 'connection'), doubtful };
}

/** On another machine, what is local is that machine. */
function seenFrom(target: Target, remote: readonly Target[] | undefined): Target[] {
  if (remote === undefined || target.doubtful) return [target];
  const text = target.kind === 'name' ? target.text : hostOf(target.text);
  if (!isLocal(text.replace(/:\d+$/, ''))) return [target];
  if (remote.length === 0) return [UNKNOWN_TARGET];
  return looksLikeConnection(target.text) ? [target, ...remote] : [...remote];
}

/** A local port other than the usual one may be a tunnel. */
function withPort(target: Target, args: Arguments, program: Program, reading: Reading): Target {
  const port = program.document.target?.port;
  if (port === undefined || target.doubtful || target.kind !== 'host' || !isLocal(target.text)) return target;
  const given = [
    ...valuesOf(args, port.options).map(({ value }) => value.text),
    ...(port.env ?? []).flatMap((name) => reading.environment.get(name).map(({ text }) => text)),
  ];
  const other = given.find((each) => each !== port.default);
  return other === undefined ? target : { ...target, text: `${target.text || 'localhost'}:${other}` };
}

/** Bare words that are targets. */
export function positionalTargets(args: Arguments, { document: { target } }: Program): PositionalTargets {
  const { bare } = args;
  switch (target?.positional) {
    case 'connection': {
      const used = bare.filter(({ word }) => word.text !== '');
      return {
        used: [],
        targets: used.map(({ word: { text } }) => connectionOrName(text)),
      };
    }
    case 'host': {
      const [first, second] = bare;
      const used = first ? [first] : [];
      const maybe = args.ambiguous && second ? [asHost(second.word, true)] : [];
      return { used, targets: [...used.map(({ word }) => asHost(word, false)), ...maybe] };
    }
    case 'remote': {
      const used = bare.filter(({ word: { text } }) => /^(?:[^/:]*@)?(?:[^/:]+|\[[^\]]*\]):|:\/\//.test(text));
      return { used, targets: used.map(({ word }) => remotePath(word.text)) };
    }
    case 'any':
      return { used: bare, targets: bare.map(({ word }) => asName(word.text, false)) };
    default:
      return { used: [], targets: [] };
  }
}

function connectionOrName(text: string): Target {
  return looksLikeConnection(text)
    ? { text, kind: 'connection', doubtful: false }
    : { text, kind: 'name', doubtful: true };
}

function asHost({ text }: ShellWord, doubtful: boolean): Target {
  return { text: text.includes('://') ? text : text.slice(text.lastIndexOf('@') + 1), kind: 'host', doubtful };
}

function asName(text: string, doubtful: boolean): Target {
  return { text, kind: 'name', doubtful };
}

function remotePath(text: string): Target {
  if (text.includes('://')) return { text, kind: 'connection', doubtful: false };
  const host = /^(?:[^/:]*@)?(\[[^\]]*\]|[^/:]*):/.exec(text)?.[1] ?? text;
  return { text: host, kind: 'host', doubtful: false };
}

/** `[bind:]port:host:port`, `host:port` and lists of hosts to jump over. */
function forwarded(text: string): Target[] {
  return text
    .split(/[,:]/)
    .map((part) => part.slice(part.lastIndexOf('@') + 1).replace(/^[a-z]+\/\//, ''))
    .filter((part) => /[^\d*]/.test(part) && !isLocal(part))
    .map((part) => ({ text: part, kind: 'host', doubtful: false }));
}

function environmentTargets(
  names: readonly string[] | undefined,
  { environment }: Reading,
  kind: Target['kind'],
): Target[] {
  return (names ?? []).flatMap((name) =>
    environment.get(name).map(({ text, doubtful }) => ({
      text,
      kind: kindOfText(text, kind),
      doubtful,
    })),
  );
}

/** A database has a plain name; any other form contains an address. */
export function looksLikeConnection(text: string): boolean {
  return /[=:/.@]/.test(text) || text.includes(UNKNOWN_PART);
}

/** Hosts in other words may raise the environment. */
function namedHosts({ words }: Arguments): Target[] {
  return words
    .filter(({ text }) => text.includes('.') || text.includes('://'))
    .slice(0, 50)
    .flatMap(({ text }) => hostsIn(text))
    .map((text) => ({ text, kind: 'host', doubtful: true }));
}
