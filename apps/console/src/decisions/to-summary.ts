import type { DecisionSummary } from '@iris/console-api';
import type { DecisionSummary as LoggedSummary } from '@iris/decision-log';

/** Longest text in a list, in characters; the raw record has all of it. */
const MAX_TEXT = 512;

/** A line of the log as the API answers it, with bounded texts. */
export function toSummary(logged: LoggedSummary): DecisionSummary {
  const { id, time, person, tool, server, category, event, phase, entryPoint, effect, reason, force } = logged;
  const sources = logged.sources.map((entry) => entry.split(':'));
  return {
    id,
    time: time.toISOString(),
    person: bounded(person),
    tool: tool === undefined ? undefined : bounded(tool),
    server: server === undefined ? undefined : bounded(server),
    category,
    event,
    phase,
    entryPoint,
    effect,
    reason,
    force,
    reply: logged.reply as DecisionSummary['reply'],
    wouldHave: logged.wouldHave as DecisionSummary['wouldHave'],
    rules: logged.rules.slice(0, 50).map(bounded),
    session: logged.session === undefined ? undefined : bounded(logged.session),
    sources: Object.fromEntries(sources) as DecisionSummary['sources'],
    totalMs: logged.totalMs,
    erased: logged.erased,
  };
}

function bounded(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}
