import type { FactChange, WhatIf } from '@iris/console-api';
import { FLATTENED_ATTRIBUTES, isJsonObject, type Json, type JsonObject } from '@iris/contracts';
import { type BusinessHours, requestTime } from '@iris/decision';
import type { EvidenceRecord } from '@iris/evidence';
import type { CheckResult, Pdp } from '@iris/pdp';
import { askAsGateway } from '@iris/replay';
import { ApiProblem } from '../http/api-problem.js';
import { messageIn } from './output-message.js';

/** A change of a fact; without `to` the fact is removed. */
export type Change = Pick<FactChange, 'of' | 'path' | 'to'>;

/** What is asked: a recorded call with changes. */
export interface Question {
  readonly changes: readonly Change[];
  readonly time?: Date;
  readonly policyVersion?: string;
}

/** Whether a record has what the PDP was given. */
export function canAskAgain(record: EvidenceRecord): boolean {
  const { resource, action, replay, principal, erased } = record;
  return (
    resource !== undefined &&
    action !== undefined &&
    replay !== undefined &&
    principal.roles.length > 0 &&
    erased === undefined
  );
}

/** Asks the PDP about recorded calls with other facts. Nothing is recorded or enforced. */
export class AskAgain {
  constructor(
    private readonly pdp: Pdp,
    private readonly businessHours: BusinessHours,
  ) {}

  /** @throws ApiProblem for a record that cannot be asked about; PdpError */
  async whatIf(record: EvidenceRecord, question: Question): Promise<WhatIf> {
    const [unchanged, result] = await Promise.all([this.ask(record, { changes: [] }), this.ask(record, question)]);
    return {
      hypothetical: true,
      recorded: record.effect,
      unchanged: unchanged.effect,
      effect: result.effect,
      message: messageIn(result),
      rules: rulesThatSpoke(result),
      policyVersion: question.policyVersion ?? record.replay?.policyVersion ?? '',
      policyFound: result.policyFound,
      masked: record.replay?.masked === true,
    };
  }

  async ask(record: EvidenceRecord, { changes, time, policyVersion }: Question): Promise<CheckResult> {
    const { resource, action, replay, principal } = record;
    if (!canAskAgain(record) || resource === undefined || replay === undefined) {
      throw new ApiProblem('cannot_ask_again', 'The record does not hold what the PDP was given.');
    }
    const principalAttr = structuredClone(principal.attr) as JsonObject;
    const resourceAttr = structuredClone(resource.attr) as JsonObject;
    for (const change of changes) apply(change, change.of === 'principal' ? principalAttr : resourceAttr);
    if (time !== undefined) {
      resourceAttr.request = requestTime(time.getTime(), this.hoursOf(resourceAttr)) as unknown as JsonObject;
    }
    const [result] = await askAsGateway(
      this.pdp,
      { id: principal.id, roles: principal.roles, attr: principalAttr },
      [{ kind: resource.kind, id: resource.id, action: action ?? '', attr: resourceAttr }],
      {
        policyVersion: policyVersion ?? replay.policyVersion,
        scope: replay.scope,
        requestId: `what-if: ${record.id}`,
      },
    );
    if (result === undefined) throw new Error('every check has a result');
    return result;
  }

  /** The zones of the call, so that a rule finds the ones it reads. */
  private hoursOf({ request }: JsonObject): BusinessHours {
    const zones = isJsonObject(request) && isJsonObject(request.zones) ? Object.keys(request.zones) : [];
    return zones.length === 0 ? this.businessHours : { ...this.businessHours, zones };
  }
}

const FORBIDDEN = new Set(['__proto__', 'prototype', 'constructor']);

/**
 * Changes a fact, and what the gateway derives from it: a flattened attribute and that of its first source are one fact.
 *
 * @throws ApiProblem for a path below something that is no object
 */
function apply({ path, to, of }: Change, attr: JsonObject): void {
  set(attr, path, to);
  if (of !== 'principal') return;
  for (const { path: flattened, from } of FLATTENED_ATTRIBUTES) {
    const [first] = from;
    if (first === undefined) continue;
    if (path === flattened) set(attr, first, to);
    if (from.some((source) => source === path)) set(attr, flattened, to);
  }
}

function set(attr: JsonObject, path: string, to: Json | undefined): void {
  const names = Object.hasOwn(attr, path) ? [path] : path.split('.');
  const last = names.pop() ?? '';
  if ([...names, last].some((name) => FORBIDDEN.has(name) || name === '')) throw noPath(path);
  let object = attr;
  for (const name of names) {
    const child = object[name] ?? {};
    if (!isJsonObject(child)) throw noPath(path);
    object[name] = child;
    object = child;
  }
  if (to === undefined) delete object[last];
  else object[last] = to;
}

function noPath(path: string): ApiProblem {
  return new ApiProblem('invalid_request', `changes: there is no attribute at ${path.slice(0, 100)}.`, 'changes');
}

function rulesThatSpoke({ outputs }: CheckResult): string[] {
  return [...new Set(outputs.filter(({ value }) => value !== undefined && value !== null).map(({ source }) => source))];
}
