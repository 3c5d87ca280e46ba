import type { RuleText } from '@iris/console-api';
import { visibleLine } from '../text/visible-text.js';
import { Icon } from './icon.js';
import { ScrollBlock } from './scroll-block.js';
import { TextValue } from './text-value.js';

/** A rule that decided, with its text from the policy files. */
export function RuleTextView({ rule }: { readonly rule: RuleText }) {
  const { name, file, line, text, message, current } = rule;
  return (
    <article class="rule">
      <h3>
        <TextValue text={name} mono fixed />
      </h3>
      {message && (
        <p>
          Message: <TextValue text={message} />
        </p>
      )}
      {file === undefined ? (
        <p class="quiet">No policy file of the console holds this rule.</p>
      ) : (
        <p class="quiet">
          <TextValue text={line === undefined ? file : `${file}:${line}`} mono fixed />
        </p>
      )}
      {!current && (
        <p class="notice notice-warn">
          <Icon name="warning" /> The policy files are of another revision than the decision: the text may have changed.
        </p>
      )}
      {text && <ScrollBlock label={`Text of the rule ${visibleLine(rule.rule, 200)}`} text={text} limit={6000} />}
    </article>
  );
}
