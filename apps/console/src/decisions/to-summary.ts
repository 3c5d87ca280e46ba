import type { DecisionSummary } from '@iris/console-api';
import type { DecisionSummary as LoggedSummary } from '@iris/decision-log';
import { boundedText } from '../http/bounded-text.js';

/** A line of the log as the API answers it, with bounded texts. */
export function toSummary(logged: LoggedSummary): DecisionSummary {
  const { id, time, person, tool, server, category, event, phase, entryPoint, effect, reason, force } = logged;
  const sources = logged.sources.map((entry) => entry.split(':'));
  return {
    id,
    time: time.toISOString(),
    person: boundedText(person),
    tool: tool === undefined ? undefined : boundedText(tool),
    server: server === undefined ? undefined : boundedText(server),
    category,
    event,
    phase,
    entryPoint,
    effect,
    reason,
    force,
    reply: logged.reply as DecisionSummary['reply'],
    wouldHave: logged.wouldHave as DecisionSummary['wouldHave'],
    rules: logged.rules.slice(0, 50).map(boundedText),
    session: logged.session === undefined ? undefined : boundedText(logged.session),
    sources: Object.fromEntries(sources) as DecisionSummary['sources'],
    totalMs: logged.totalMs,
    erased: logged.erased,
  };
}
