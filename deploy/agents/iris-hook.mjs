#!/usr/bin/env node
// Sends the hook of a coding agent from stdin to Iris and prints the reply. Whatever goes wrong, it prints the denial of
// that agent: agents run the call when a hook fails, is late, or prints what they cannot read.
import { readFileSync } from 'node:fs';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { parseArgs } from 'node:util';

const HELP = `Usage: iris-hook.mjs <claude|codex|copilot|cursor|gemini> [options] < hook.json

Options, each with its environment variable, which counts only without the option:
  --url <url>         Iris, such as https://iris.example.ts.net   IRIS_HOOK_URL
  --key-file <file>   file with the hook key                      IRIS_HOOK_KEY_FILE, or the key itself in IRIS_HOOK_KEY
  --timeout-ms <ms>   for everything, default 4000                IRIS_HOOK_TIMEOUT_MS
                      (keep it below the timeout that the agent has for the hook)
  --help

Prints the reply of Iris. Without a valid reply it prints a denial. The exit code is 0 either way, since agents read the
reply only then; it is 2 with a message on stderr when no agent is named.
`;

const MAX_INPUT_BYTES = 32 * 1024 * 1024;
const MAX_REPLY_BYTES = 1024 * 1024;

const inClaudeForm = (reason, event) =>
  isPermissionRequest(event)
    ? {
        hookSpecificOutput: {
          hookEventName: 'PermissionRequest',
          decision: { behavior: 'deny', message: reason },
        },
      }
    : {
        hookSpecificOutput: {
          hookEventName: 'PreToolUse',
          permissionDecision: 'deny',
          permissionDecisionReason: reason,
        },
      };

const deniesInClaudeForm = ({ hookSpecificOutput: output }) =>
  isText(output?.permissionDecisionReason) && output.permissionDecision === 'deny'
    ? true
    : output?.decision?.behavior === 'deny';

/** Per agent: its name as a client, its denial, and whether a reply is one of its denials or questions. */
const AGENTS = {
  claude: {
    client: 'claude-cli',
    deny: inClaudeForm,
    decides: (reply) =>
      deniesInClaudeForm(reply) ||
      (reply.hookSpecificOutput?.permissionDecision === 'ask' &&
        isText(reply.hookSpecificOutput.permissionDecisionReason)),
  },
  codex: { client: 'codex_cli_rs', deny: inClaudeForm, decides: deniesInClaudeForm },
  copilot: {
    client: 'copilot-cli',
    deny: (reason) => ({
      permissionDecision: 'deny',
      permissionDecisionReason: reason,
      behavior: 'deny',
      message: reason,
    }),
    decides: (reply) => reply.permissionDecision === 'deny' && isText(reply.permissionDecisionReason),
  },
  cursor: {
    client: 'cursor',
    deny: (reason) => ({ permission: 'deny', user_message: reason, agent_message: reason }),
    decides: (reply) => reply.permission === 'deny',
  },
  gemini: {
    client: 'GeminiCLI',
    deny: (reason) => ({ decision: 'deny', reason }),
    decides: (reply) => reply.decision === 'deny' && isText(reply.reason),
  },
};

let agent;
let event;
let isAnswered = false;

/** Prints once and ends: what comes later, such as a late reply, is discarded. */
function answer(reply) {
  if (isAnswered) return;
  isAnswered = true;
  process.stdout.write(`${JSON.stringify(reply)}\n`, () => process.exit(0));
}

function deny(why) {
  answer(agent.deny(`Blocked: Iris did not decide about this call: ${why}. [iris_hook_failed]`, event));
}

function usage(problem) {
  process.stderr.write(`iris-hook: ${problem}; the call is blocked\n${HELP}`);
  process.exit(2);
}

function isText(value) {
  return typeof value === 'string' && value.trim() !== '';
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPermissionRequest(name) {
  return typeof name === 'string' && name.toLowerCase().replace(/[_\-\s]+/g, '') === 'permissionrequest';
}

/** Rejects above the limit, so that neither side of the hook fills the memory. */
async function readAll(stream, maxBytes, what) {
  const chunks = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error(`${what} is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function keyOf(file) {
  if (file === undefined) return process.env.IRIS_HOOK_KEY;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new Error(`the key file ${file} cannot be read (${error.code})`);
  }
}

function post(url, key, body) {
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    const headers = {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      'content-length': body.length,
      'user-agent': agent.client,
    };
    const request = send(url, { method: 'POST', headers, agent: false }, resolve);
    request.on('error', (error) => reject(new Error(`Iris cannot be reached (${error.code ?? error.message})`)));
    request.end(body);
  });
}

async function main(name, { url: address, 'key-file': keyFile }) {
  const body = await readAll(process.stdin, MAX_INPUT_BYTES, 'the hook');
  try {
    event = JSON.parse(body.toString('utf8')).hook_event_name;
  } catch {
    // Iris refuses it; the event is only for the form of a denial.
  }
  const base = address ?? process.env.IRIS_HOOK_URL;
  if (!isText(base)) throw new Error('no address: give --url or IRIS_HOOK_URL');
  if (!URL.canParse(base) || !/^https?:/.test(base)) throw new Error('the address is not an http or https URL');
  const key = keyOf(keyFile ?? process.env.IRIS_HOOK_KEY_FILE);
  if (!isText(key)) throw new Error('no hook key: give --key-file, IRIS_HOOK_KEY_FILE or IRIS_HOOK_KEY');
  const response = await post(new URL(`${base.replace(/\/+$/, '')}/ext/${name}`), key, body);
  if (response.statusCode === 401) throw new Error('Iris does not accept the hook key (401)');
  if (response.statusCode !== 200) throw new Error(`Iris answered with the status ${response.statusCode}`);
  const text = (await readAll(response, MAX_REPLY_BYTES, 'the reply')).toString('utf8');
  let reply;
  try {
    reply = JSON.parse(text);
  } catch {
    throw new Error('the reply is not JSON');
  }
  if (!isObject(reply)) throw new Error('the reply is not an object');
  if (Object.keys(reply).length > 0 && !agent.decides(reply)) throw new Error(`the reply is not one for ${name}`);
  answer(reply);
}

let parsed;
try {
  const text = { type: 'string' };
  const options = { url: text, 'key-file': text, 'timeout-ms': text, help: { type: 'boolean', short: 'h' } };
  parsed = parseArgs({ options, allowPositionals: true });
} catch (error) {
  usage(error.message);
}
const { values, positionals } = parsed;
if (values.help) {
  process.stdout.write(HELP);
} else if (positionals.length !== 1 || !Object.hasOwn(AGENTS, positionals[0])) {
  usage('name one agent');
} else {
  agent = AGENTS[positionals[0]];
  const timeoutMs = Number(values['timeout-ms'] ?? process.env.IRIS_HOOK_TIMEOUT_MS ?? 4000);
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > 600_000) {
    deny('the timeout is not a whole number of milliseconds from 1 to 600000');
  } else {
    setTimeout(() => deny(`no reply within ${timeoutMs} ms`), timeoutMs);
    process.on('uncaughtException', () => deny('an unexpected error'));
    process.stdout.on('error', () => process.exit(2));
    main(positionals[0], values).catch((error) => deny(error.message));
  }
}
