import { type ChainEnd, type ChainLink, NO_PREDECESSOR } from './chain-fields.js';
import type { ChainHead } from './chain-head.js';
import { checkLine } from './check-link.js';
import type { Checkpoint } from './checkpoint.js';
import { type Erasure, erasureText } from './erasure.js';
import { LinkTable, shortHash } from './link-table.js';
import type { VerifyingKeys } from './signing-key.js';

/** What can be wrong with evidence. */
export const CHAIN_FAULTS = {
  missing: 'a link is not there',
  changed: 'the content of a line does not have the hash it states',
  forked: 'two different links have one number',
  unlinked: 'a link does not follow from the one before',
  reordered: 'a line stands before or behind its place',
  beginning_missing: 'the first links of a chain are not there and no checkpoint covers them',
  cut: 'a chain ends without a closing head, and nothing states that its gateway stopped there',
  signature: 'a head or an erasure has no valid signature of a given key',
  unsigned_tail: 'more links follow the last signed head than a gateway writes between two heads',
  unchained: 'a record belongs to no chain',
  unreadable: 'a line is neither a record nor a head',
  duplicate_key: 'an object of a line has one key twice',
} as const;
export type ChainFault = keyof typeof CHAIN_FAULTS;

export interface ChainFinding {
  readonly fault: ChainFault;
  readonly chain?: string;
  readonly seq?: number;
  /** Last number of a range that starts at `seq`. */
  readonly toSeq?: number;
  /** Id of the record. */
  readonly id?: string;
  readonly file?: string;
  readonly line?: number;
  readonly detail: string;
}

/** One chain as it was found. */
export interface ChainSummary {
  readonly id: string;
  readonly from: number;
  readonly to: number;
  readonly state: 'closed' | 'continued' | 'live' | 'open';
  /** Number of the last head with a valid signature. */
  readonly signedTo?: number;
  /** Time of the last head, UTC. */
  readonly lastHead?: string;
  /** Records that the gateway states it could not write. */
  readonly dropped: number;
}

export interface ChainReport {
  readonly records: number;
  readonly heads: number;
  readonly repeated: number;
  readonly erased: number;
  readonly chains: readonly ChainSummary[];
  /** The first ones; `faults` counts all. */
  readonly findings: readonly ChainFinding[];
  readonly faults: number;
  readonly checkpoint: Checkpoint;
}

export interface VerifyOptions {
  /** With keys every head and every erasure needs a signature of one of them. */
  readonly keys?: VerifyingKeys;
  readonly checkpoint?: Checkpoint;
  /** Accepts lines in any order, as after a redrive of dead letters. */
  readonly anyOrder?: boolean;
  /** Accepts records without a chain, as earlier versions wrote them. */
  readonly allowUnchained?: boolean;
  /** A chain whose last head is younger continues, in ms. */
  readonly liveMs: number;
  /** Epoch ms. */
  readonly now: number;
}

interface Place {
  readonly file: string;
  readonly line: number;
}

interface ChainState {
  readonly table: LinkTable;
  lastLink: ChainEnd | undefined;
  lastHead: ChainHead | undefined;
  lastSigned: ChainHead | undefined;
  file: string;
  highest: number;
}

const MAX_FINDINGS = 1000;
/** Numbers further apart than this are not searched for what is between them. */
const MAX_GAP = 5_000_000;

/**
 * Verifies lines as they come, from any number of gateways. Memory grows by 33 bytes for each link behind the
 * checkpoint. Lines that are there twice and alike are repeats of a delivery and no error.
 */
export class ChainVerifier {
  private readonly chains = new Map<string, ChainState>();
  private readonly findings: ChainFinding[] = [];
  /** Ends of chains, as heads of later runs state them. */
  private readonly continued = new Map<string, ChainEnd & { readonly by: ChainLink }>();
  private readonly starts: ReadonlyMap<string, Checkpoint['chains'][number]>;
  private faults = 0;
  private records = 0;
  private heads = 0;
  private repeated = 0;
  private erased = 0;

  constructor(private readonly options: VerifyOptions) {
    this.starts = new Map((options.checkpoint?.chains ?? []).map((end) => [end.id, end]));
  }

  /** A line that is no JSON, or has a key twice. */
  refuse(fault: 'unreadable' | 'duplicate_key', place: Place): void {
    this.find({ fault, ...place, detail: CHAIN_FAULTS[fault] });
  }

  /** Takes the next line, parsed. */
  add(line: unknown, place: Place): void {
    const checked = checkLine(line);
    if (checked.kind === 'unreadable') {
      this.refuse('unreadable', place);
      return;
    }
    if (checked.kind === 'unchained') {
      this.records += 1;
      const detail = CHAIN_FAULTS.unchained;
      if (this.options.allowUnchained !== true) this.find({ fault: 'unchained', id: checked.id, ...place, detail });
      return;
    }
    const { link, id } = checked;
    const about = { chain: link.id, seq: link.seq, id, ...place };
    if (checked.kind === 'changed') this.find({ fault: 'changed', ...about, detail: checked.detail });
    const start = this.starts.get(link.id);
    if (start !== undefined && link.seq < start.seq) return;
    const state = this.stateOf(link.id, place.file);
    const { table } = state;
    if (table.last > 0 && (link.seq > table.last + MAX_GAP || link.seq < table.first - MAX_GAP)) {
      const detail = `its number is more than ${MAX_GAP} away from the others`;
      this.find({ fault: 'unlinked', ...about, detail });
      return;
    }
    if (checked.kind === 'changed') {
      if (table.state(link.seq) === 'absent') table.put(link.seq, link.hash, link.prev, 'changed');
      return;
    }
    if (table.state(link.seq) === 'present') {
      if (table.hashOf(link.seq) !== shortHash(link.hash)) {
        this.find({ fault: 'forked', ...about, detail: CHAIN_FAULTS.forked });
        return;
      }
      this.repeated += 1;
      if (checked.kind === 'record') this.checkErasure(checked.erased, link.hash, about);
      return;
    }
    this.checkOrder(state, link.seq, about);
    table.put(link.seq, link.hash, link.prev, 'present');
    if (link.seq === table.last) state.lastLink = { id: link.id, seq: link.seq, hash: link.hash };
    if (checked.kind === 'record') {
      this.records += 1;
      this.checkErasure(checked.erased, link.hash, about);
    } else this.addHead(state, checked.head, about);
  }

  /** What is known once every line was added. */
  finish(): ChainReport {
    for (const start of this.starts.values()) this.checkStart(start);
    for (const [id, state] of this.chains) this.checkLinks(id, state);
    for (const end of this.continued.values()) this.checkContinued(end);
    const chains = [...this.chains].map(([id, state]) => this.summaryOf(id, state));
    for (const summary of chains) this.checkEnd(summary);
    return {
      records: this.records,
      heads: this.heads,
      repeated: this.repeated,
      erased: this.erased,
      chains,
      findings: this.findings,
      faults: this.faults,
      checkpoint: this.checkpoint(chains),
    };
  }

  private addHead(state: ChainState, head: ChainHead, about: Omit<ChainFinding, 'fault' | 'detail'>): void {
    this.heads += 1;
    state.lastHead = later(state.lastHead, head);
    for (const end of head.continues ?? []) this.continued.set(`${end.id} ${end.seq}`, { ...end, by: head.chain });
    const { keys } = this.options;
    if (keys === undefined) return;
    if (keys.verify('iris.evidence.head.v1', head.chain.hash, head)) state.lastSigned = later(state.lastSigned, head);
    else this.find({ fault: 'signature', ...about, detail: 'the head has no valid signature of a given key' });
  }

  private checkErasure(erased: Erasure | undefined, hash: string, about: Omit<ChainFinding, 'fault' | 'detail'>): void {
    if (erased === undefined) return;
    this.erased += 1;
    const { keys } = this.options;
    if (keys === undefined || keys.verify('iris.evidence.erasure.v1', erasureText(hash, erased), erased)) return;
    this.find({ fault: 'signature', ...about, detail: 'the erasure has no valid signature of a given key' });
  }

  /** A gateway sends its links in order; in one file a link that is new and lower than another was moved. */
  private checkOrder(state: ChainState, seq: number, about: Omit<ChainFinding, 'fault' | 'detail'>): void {
    if (state.file !== about.file) {
      state.file = about.file ?? '';
      state.highest = 0;
    }
    if (seq < state.highest && this.options.anyOrder !== true) {
      this.find({ fault: 'reordered', ...about, detail: `the line stands behind link ${state.highest}` });
    }
    state.highest = Math.max(state.highest, seq);
  }

  private checkStart(start: Checkpoint['chains'][number]): void {
    const table = this.chains.get(start.id)?.table;
    const found = table?.state(start.seq) ?? 'absent';
    if (found === 'present' && table?.hashOf(start.seq) !== shortHash(start.hash)) {
      this.find({ fault: 'forked', chain: start.id, seq: start.seq, detail: 'the link differs from the checkpoint' });
    }
    // A run that had not ended continues behind its checkpoint, or states its end.
    if (start.closed !== true && table === undefined) this.stateOf(start.id, '');
  }

  private checkLinks(id: string, state: ChainState): void {
    const { table } = state;
    const start = this.starts.get(id);
    if (table.last === 0) return;
    let prev = start !== undefined && table.first === start.seq + 1 ? shortHash(start.hash) : undefined;
    if (start === undefined && table.first > 1) {
      this.find({
        fault: 'beginning_missing',
        chain: id,
        seq: 1,
        toSeq: table.first - 1,
        detail: `${CHAIN_FAULTS.beginning_missing}: the first one found is ${table.first}`,
      });
    } else if (start !== undefined && table.first > start.seq + 1) {
      this.missing(id, start.seq + 1, table.first - 1);
    }
    let gapFrom = 0;
    for (let seq = table.first; seq <= table.last; seq += 1) {
      const link = table.state(seq);
      if (link === 'absent') {
        if (gapFrom === 0) gapFrom = seq;
        prev = undefined;
        continue;
      }
      if (gapFrom > 0) this.missing(id, gapFrom, seq - 1);
      gapFrom = 0;
      if (link === 'present' && prev !== undefined && table.prevOf(seq) !== prev) {
        this.find({ fault: 'unlinked', chain: id, seq, detail: `it does not follow from link ${seq - 1}` });
      }
      prev = link === 'present' ? table.hashOf(seq) : undefined;
    }
    if (table.state(1) === 'present' && table.prevOf(1) !== shortHash(NO_PREDECESSOR)) {
      this.find({ fault: 'unlinked', chain: id, seq: 1, detail: 'the first link has a predecessor' });
    }
  }

  /** Up to where a later run states it, the chain of an earlier run must be there. */
  private checkContinued({ id, seq, hash, by }: ChainEnd & { readonly by: ChainLink }): void {
    const table = this.chains.get(id)?.table;
    const start = this.starts.get(id);
    const state = table?.state(seq) ?? 'absent';
    const known = state === 'present' ? table?.hashOf(seq) : start?.seq === seq ? shortHash(start.hash) : undefined;
    if (known !== undefined && known !== shortHash(hash)) {
      const detail = `the link differs from what link ${by.seq} of chain ${by.id} states`;
      this.find({ fault: 'forked', chain: id, seq, detail });
    }
    // A changed link has its own finding, a gap too, and what is behind a checkpoint may be gone.
    const isBehind =
      this.options.checkpoint !== undefined && (start === undefined ? table === undefined : seq <= start.seq);
    if (known !== undefined || state === 'changed' || isBehind) return;
    const last = Math.max(table?.last ?? 0, start?.seq ?? 0);
    if (last < seq) this.missing(id, last + 1, seq, `link ${by.seq} of chain ${by.id}`);
  }

  private missing(chain: string, from: number, to: number, named?: string): void {
    const what = from === to ? `link ${from} is` : `links ${from} to ${to} are`;
    this.find({
      fault: 'missing',
      chain,
      seq: from,
      ...(to > from ? { toSeq: to } : {}),
      detail: named === undefined ? `${what} not there` : `${what} not there, as ${named} states`,
    });
  }

  private summaryOf(id: string, state: ChainState): ChainSummary {
    const { table, lastHead, lastSigned } = state;
    const start = this.starts.get(id);
    const to = Math.max(table.last, start?.seq ?? 0);
    return {
      id,
      from: table.first || (start?.seq ?? 0),
      to,
      state: this.endOf(id, to, lastHead),
      ...(lastSigned === undefined ? {} : { signedTo: lastSigned.chain.seq }),
      ...(lastHead === undefined ? {} : { lastHead: lastHead.time }),
      dropped: lastHead?.dropped ?? 0,
    };
  }

  private endOf(id: string, to: number, last: ChainHead | undefined): ChainSummary['state'] {
    if (last?.closes === true && last.chain.seq === to) return 'closed';
    for (const end of this.continued.values()) if (end.id === id) return 'continued';
    const seenAt = last?.time ?? this.options.checkpoint?.time;
    return seenAt !== undefined && this.options.now - Date.parse(seenAt) < this.options.liveMs ? 'live' : 'open';
  }

  private checkEnd({ id, to, state, lastHead }: ChainSummary): void {
    if (state === 'open') {
      const since = lastHead === undefined ? 'it has no head' : `its last head is of ${lastHead}`;
      this.find({
        fault: 'cut',
        chain: id,
        seq: to + 1,
        detail: `it ends behind link ${to} without a closing head; ${since}`,
      });
    }
    if (this.options.keys !== undefined) this.checkTail(id, to);
  }

  private checkTail(id: string, to: number): void {
    const signed = this.chains.get(id)?.lastSigned;
    const from = Math.max(signed?.chain.seq ?? 0, this.starts.get(id)?.seq ?? 0);
    if (to - from <= (signed?.everyRecords ?? 0)) return;
    this.find({ fault: 'unsigned_tail', chain: id, seq: from + 1, toSeq: to, detail: CHAIN_FAULTS.unsigned_tail });
  }

  private checkpoint(chains: readonly ChainSummary[]): Checkpoint {
    const ends = chains.flatMap(({ id, to, state }): (ChainEnd & { closed?: boolean })[] => {
      const link = this.chains.get(id)?.lastLink;
      return link?.seq === to ? [{ ...link, ...(state === 'live' ? {} : { closed: true }) }] : [];
    });
    const kept = [...this.starts.values()].filter(({ id }) => !ends.some((end) => end.id === id));
    return {
      schema: 'iris.evidence.checkpoint.v1',
      time: new Date(this.options.now).toISOString(),
      chains: [...kept, ...ends].sort((a, b) => (a.id < b.id ? -1 : 1)),
    };
  }

  private stateOf(id: string, file: string): ChainState {
    let state = this.chains.get(id);
    if (state === undefined) {
      state = {
        table: new LinkTable(),
        lastLink: undefined,
        lastHead: undefined,
        lastSigned: undefined,
        file,
        highest: 0,
      };
      this.chains.set(id, state);
    }
    return state;
  }

  private find(finding: ChainFinding): void {
    this.faults += 1;
    if (this.findings.length < MAX_FINDINGS) this.findings.push(finding);
  }
}

function later(one: ChainHead | undefined, other: ChainHead): ChainHead {
  return one === undefined || other.chain.seq > one.chain.seq ? other : one;
}
